// OutputFolder: results appear whole or not at all. Files go to a fresh sibling folder ".NAME.partial-XXXX", fsynced, then renamed.
// Ctrl-C, a full disk or a read-only parent leave no half-written result; an existing folder of the same name is replaced by rename
// only if it was written by wattlaw (holds run.json), else failure WL6202.
#pragma once
#include <string>

#include "runtime/base/result.h"

namespace wattlaw {

class OutputFolder {
 public:
  static Result<OutputFolder> create(const std::string& final_path);
  OutputFolder(OutputFolder&&) noexcept;
  OutputFolder(const OutputFolder&) = delete;
  ~OutputFolder();                                  // removes the partial folder unless commit() succeeded
  std::string path_of(const std::string& file) const;  // inside the partial folder
  Status commit();
  // ".NAME.partial-": what the names of partial folders begin with. create() removes those whose process is gone.
  static std::string partial_prefix(const std::string& final_path);

 private:
  OutputFolder() = default;
  std::string partial_, final_;
};

}  // namespace wattlaw
