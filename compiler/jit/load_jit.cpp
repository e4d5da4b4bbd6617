#include "compiler/jit/load_jit.h"

#include <dlfcn.h>
#include <unistd.h>

#include <climits>

#include "compiler/jit/compiled_plan.h"

namespace wattlaw {
namespace {

std::string folder_of_executable() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return ".";
  const std::string whole(path, static_cast<size_t>(size));
  return whole.substr(0, whole.rfind('/'));
}

}  // namespace

void* load_jit_function(const char* name, std::string& failure) {
  // dlopen counts references itself: a second call finds the library that is loaded.
  const std::string folder = folder_of_executable();
  void* library = nullptr;
  for (const std::string& place : {folder + "/libwattlaw_jit.so", folder + "/../lib/libwattlaw_jit.so"}) {
    library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library) break;
    if (failure.empty() || access(place.c_str(), F_OK) == 0) failure = dlerror();
  }
  if (!library) return nullptr;
  void* function = dlsym(library, name);
  failure = function ? "" : dlerror();
  return function;
}

CompiledPlan compile_plan(const Plan& plan, const std::vector<RootSpec>& roots, const JitOptions& options) {
  using Compile = void (*)(const Plan*, const std::vector<RootSpec>*, const JitOptions*, CompiledPlan*);
  CompiledPlan compiled;
  const auto compile = reinterpret_cast<Compile>(load_jit_function("wattlaw_compile_plan", compiled.failure));
  if (compile) compile(&plan, &roots, &options, &compiled);
  return compiled;
}

}  // namespace wattlaw
