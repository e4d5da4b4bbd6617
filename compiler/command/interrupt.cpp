#include "compiler/command/interrupt.h"

#include <pthread.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace wattlaw {
namespace {

constexpr int kStopWatching = SIGUSR2;

bool is_ignored(int signal) {
  struct sigaction action;
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// The run may be writing into the folder meanwhile, so one sweep can leave a file that came after it.
void remove_folder(const std::string& folder) {
  std::error_code error;
  for (int sweep = 0; sweep < 100 && std::filesystem::exists(folder, error); ++sweep) {
    std::filesystem::remove_all(folder, error);
    if (error) usleep(2000);
  }
}

}  // namespace

InterruptWatch::InterruptWatch() {
  sigemptyset(&watched_);
  for (int signal : {SIGINT, SIGTERM, SIGHUP})
    if (!is_ignored(signal)) sigaddset(&watched_, signal);
  sigaddset(&watched_, kStopWatching);
  pthread_sigmask(SIG_BLOCK, &watched_, &before_);
  thread_ = std::thread([this] { watch(); });
}

InterruptWatch::~InterruptWatch() {
  pthread_kill(thread_.native_handle(), kStopWatching);
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void InterruptWatch::watch() {
  int signal = 0;
  while (sigwait(&watched_, &signal) != 0) {
  }
  if (signal == kStopWatching) return;
  mutex_.lock();  // never released: nothing is made or renamed any more
  if (!partial_folder_.empty()) {
    remove_folder(partial_folder_);
    if (!made_parent_.empty()) rmdir(made_parent_.c_str());
  }
  std::string line = is_committed_ ? "wattlaw: interrupted after the results were written\n" : "wattlaw: interrupted, nothing was written\n";
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  std::_Exit(128 + signal);
}

void InterruptWatch::yield_to_interrupt() {
  mutex_.lock();  // held for good by an interrupt that came first
  mutex_.unlock();
}

}  // namespace wattlaw
