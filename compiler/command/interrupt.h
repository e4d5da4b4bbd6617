// InterruptWatch: Ctrl-C, SIGTERM and SIGHUP during a run end it at once, with one line and nothing half-written.
// Make it before any other thread exists. Signals that the caller's shell ignores stay ignored.
#pragma once
#include <signal.h>

#include <mutex>
#include <string>
#include <thread>

namespace wattlaw {

class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;

  // Folders come and go only under this lock, so that the watch never misses one that is being made or renamed.
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }
  // Under the lock: the folder to remove on an interrupt, and its parent if that was made for it and is empty then.
  void guard(std::string partial_folder, std::string made_parent) {
    partial_folder_ = std::move(partial_folder);
    made_parent_ = std::move(made_parent);
  }
  // Under the lock: the folder has become the result; nothing to remove.
  void committed() { partial_folder_.clear(); is_committed_ = true; }
  // Before an error is told that an interrupt itself may have caused: does not return if there was one.
  void yield_to_interrupt();

 private:
  void watch();
  sigset_t watched_, before_;
  std::mutex mutex_;
  std::string partial_folder_, made_parent_;
  bool is_committed_ = false;
  std::thread thread_;
};

}  // namespace wattlaw
