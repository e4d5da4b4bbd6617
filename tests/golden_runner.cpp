// golden_runner: text in -> text out, through the `wattlaw` binary as a person runs it.
//
// A golden is one file NAME.watt: the program, the command and the output, in this order:
//   # run: check --strict        the verb and its flags; FILE stands for the file, else it comes last
//   # exit: 2                    0 if left out; a golden whose exit status is not 0 has a name that starts with fail_
//   …
//   # ---
//   # warning[WL4010]: …         what standard output and standard error say
// The part from `# ---` on is cut off before the file is run, so a line number in the output is that of the golden.
//
// A golden of several files is a folder with case.txt (a line a command: `check main.watt`), the files, and expected/output.txt; every other
// file in expected/ is compared with the file of that name that the commands leave behind.
//
//   golden_runner WATTLAW FOLDER…            compare
//   golden_runner WATTLAW --update FOLDER…   rewrite what is expected; read the difference like code
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
constexpr int kTimeLimitSeconds = 120;
constexpr size_t kLongestDiff = 60;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// "run --data 'my traces' FILE" -> words; quotes group.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  bool open = false;
  for (char c : text) {
    if (quote ? c == quote : c == '\'' || c == '"') {
      quote = quote ? 0 : c;
      open = true;
    } else if (c == ' ' && !quote) {
      if (open) words.push_back(word);
      word.clear();
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  if (open) words.push_back(word);
  return words;
}

struct Outcome {
  std::string output;
  int exit = -1;
};

[[noreturn]] void become(const fs::path& wattlaw, const std::vector<std::string>& arguments, const fs::path& folder, int output) {
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (int null = open("/dev/null", O_RDONLY); null >= 0) dup2(null, STDIN_FILENO);
  if (chdir(folder.c_str()) != 0) _exit(127);
  for (const char* name : {"TZ", "COLUMNS", "NO_COLOR", "CLICOLOR_FORCE"}) unsetenv(name);
  setenv("LC_ALL", "C", 1);
  std::vector<char*> argv{const_cast<char*>(wattlaw.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(wattlaw.c_str(), argv.data());
  _exit(127);
}

void replace_words(std::string& output, const std::string& before, const std::string& after, const std::string& placeholder) {
  for (size_t at = 0; (at = output.find(before, at)) != std::string::npos;) {
    at += before.size();
    const size_t end = std::min(output.find_first_of(" \n", at), output.size());
    if (output.compare(end, after.size(), after) == 0) output.replace(at, end - at, placeholder);
  }
}

// What a run records of the machine and of the standard library is not the golden's to expect.
void hide_versions(std::string& output) {
  replace_words(output, "zone data ", "", "VERSION");
  replace_words(output, "\"zone_data\": \"", "", "VERSION\",");
  replace_words(output, "script ", " stdlib/", "HASH");
  const std::string in_json = "\"stdlib/", then = "\": \"";
  for (size_t at = 0; (at = output.find(in_json, at)) != std::string::npos; ++at) {
    const size_t hash = output.find(then, at), end = hash == std::string::npos ? hash : output.find('"', hash + then.size());
    if (end != std::string::npos && output.find('\n', at) > end) output.replace(hash + then.size(), end - hash - then.size(), "HASH");
  }
}

Outcome run_wattlaw(const fs::path& wattlaw, const std::vector<std::string>& arguments, const fs::path& folder) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {"no pipe\n", -1};
  pid_t child = fork();
  if (child == 0) become(wattlaw, arguments, folder, ends[1]);
  close(ends[1]);
  Outcome outcome;
  char block[4096];
  for (;;) {
    pollfd ready{ends[0], POLLIN, 0};
    if (poll(&ready, 1, kTimeLimitSeconds * 1000) <= 0) {
      kill(child, SIGKILL);
      outcome.output += "[killed: silent for too long]\n";
      break;
    }
    ssize_t size = read(ends[0], block, sizeof block);
    if (size <= 0) break;
    outcome.output.append(block, static_cast<size_t>(size));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  hide_versions(outcome.output);
  outcome.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

// A fresh folder that goes when the case is done.
struct WorkFolder {
  fs::path path;
  WorkFolder() {
    std::string name = (fs::temp_directory_path() / "wattlaw-golden-XXXXXX").string();
    path = mkdtemp(name.data()) ? name : "";
  }
  ~WorkFolder() {
    std::error_code error;
    if (!path.empty()) fs::remove_all(path, error);
  }
};

// Lines of a longest common subsequence stay; the others are marked - (expected) and + (found).
void print_difference(const std::string& expected, const std::string& found) {
  std::vector<std::string> a = lines_of(expected), b = lines_of(found);
  std::vector<std::vector<uint32_t>> common(a.size() + 1, std::vector<uint32_t>(b.size() + 1));
  for (size_t i = a.size(); i-- > 0;)
    for (size_t j = b.size(); j-- > 0;) common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
  size_t shown = 0;
  for (size_t i = 0, j = 0; (i < a.size() || j < b.size()) && shown < kLongestDiff;) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      ++i, ++j;
    } else if (i < a.size() && (j == b.size() || common[i + 1][j] >= common[i][j + 1])) {
      std::printf("    -%s\n", a[i++].c_str()), ++shown;
    } else {
      std::printf("    +%s\n", b[j++].c_str()), ++shown;
    }
  }
  if (shown == kLongestDiff) std::printf("    …\n");
}

struct Runner {
  fs::path wattlaw;
  bool update = false;
  int cases = 0, failed = 0, rewritten = 0;

  void settle(const fs::path& golden, const fs::path& file, const std::string& expected, const std::string& found, const std::string& whole) {
    if (expected == found) return;
    if (update) {
      write_file(file, whole);
      ++rewritten;
      std::printf("rewrote %s\n", file.c_str());
      return;
    }
    ++failed;
    std::printf("FAILED %s: - expected, + found\n", golden.c_str());
    print_difference(expected, found);
  }

  void fail(const fs::path& golden, const std::string& why) {
    ++failed;
    std::printf("FAILED %s: %s\n", golden.c_str(), why.c_str());
  }

  bool is_named_right(const fs::path& golden, bool fails) {
    bool says_fail = golden.filename().string().starts_with("fail_");
    if (says_fail == fails) return true;
    fail(golden, fails ? "its exit status is not 0, so its name must start with fail_" : "its name starts with fail_, but its exit status is 0");
    return false;
  }

  void run_file(const fs::path& golden);
  void run_folder(const fs::path& golden);
  void run_all(const fs::path& folder);
};

struct FileGolden {
  std::string program, expected;
  std::vector<std::string> arguments;
  int exit = 0;
};

FileGolden read_golden(const fs::path& path) {
  FileGolden golden;
  bool is_output = false;
  for (const std::string& line : lines_of(read_file(path))) {
    if (line == "# ---") {
      is_output = true;
    } else if (is_output) {
      golden.expected += (line.starts_with("# ") ? line.substr(2) : line == "#" ? "" : "[no comment line] " + line) + "\n";
    } else {
      golden.program += line + "\n";
      if (line.starts_with("# run: ")) golden.arguments = words_of(line.substr(7));
      if (line.starts_with("# exit: ")) golden.exit = std::atoi(line.c_str() + 8);
    }
  }
  return golden;
}

std::string as_comments(const std::string& output) {
  std::string text;
  for (const std::string& line : lines_of(output)) text += line.empty() ? "#\n" : "# " + line + "\n";
  return text;
}

void Runner::run_file(const fs::path& path) {
  ++cases;
  FileGolden golden = read_golden(path);
  if (golden.arguments.empty()) return fail(path, "no line `# run: VERB`");
  WorkFolder work;
  const std::string name = path.filename().string();
  write_file(work.path / name, golden.program);
  auto place = std::find(golden.arguments.begin(), golden.arguments.end(), "FILE");
  if (place == golden.arguments.end()) place = golden.arguments.insert(place, "FILE");
  *place = name;
  Outcome outcome = run_wattlaw(wattlaw, golden.arguments, work.path);
  std::string program = golden.program;
  if (update && outcome.exit != golden.exit) {  // the line `# exit:` is rewritten, too
    size_t run_line = program.find("# run: "), end = program.find('\n', run_line) + 1;
    if (size_t old = program.find("# exit: "); old != std::string::npos) program.erase(old, program.find('\n', old) + 1 - old);
    if (outcome.exit != 0) program.insert(end, "# exit: " + std::to_string(outcome.exit) + "\n");
    golden.expected = "[another exit status]";  // so that the file is rewritten even where the output is the same
  } else if (outcome.exit != golden.exit) {
    fail(path, "exit status " + std::to_string(outcome.exit) + " instead of " + std::to_string(golden.exit));
    print_difference(golden.expected, outcome.output);
    return;
  }
  if (!is_named_right(path, outcome.exit != 0)) return;
  settle(path, path, golden.expected, outcome.output, program + "# ---\n" + as_comments(outcome.output));
}

void Runner::run_folder(const fs::path& folder) {
  ++cases;
  WorkFolder work;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().filename() != "expected" && entry.path().filename() != "case.txt")
      fs::copy(entry.path(), work.path / entry.path().filename(), fs::copy_options::recursive);
  std::string transcript;
  bool fails = false;
  for (const std::string& line : lines_of(read_file(folder / "case.txt"))) {
    if (line.empty() || line[0] == '#') continue;
    // `check rules.watt   # ends with status 1`: an example may show how a pipeline is told.
    const size_t note = line.find("# ends with status ");
    const int expected = note == std::string::npos ? 0 : std::atoi(line.c_str() + note + std::strlen("# ends with status "));
    const std::string command = line.substr(0, line.find_last_not_of(' ', note == std::string::npos ? note : note - 1) + 1);
    Outcome outcome = run_wattlaw(wattlaw, words_of(command), work.path);
    transcript += "$ wattlaw " + command + "\n" + outcome.output;
    if (outcome.exit != 0) transcript += "[exit " + std::to_string(outcome.exit) + "]\n";
    fails |= outcome.exit != expected;
  }
  if (transcript.empty()) return fail(folder, "case.txt holds no command");
  if (!is_named_right(folder, fails)) return;
  const fs::path output = folder / "expected" / "output.txt";
  if (!fs::exists(output) && !update) return fail(folder, "nothing is expected yet: write it with --update, then read it");
  fs::create_directories(folder / "expected");
  settle(folder, output, fs::exists(output) ? read_file(output) : "", transcript, transcript);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder / "expected")) {
    if (!entry.is_regular_file() || entry.path() == output) continue;
    const fs::path made = work.path / fs::relative(entry.path(), folder / "expected");
    const std::string found = fs::exists(made) ? read_file(made) : "[no such file was made]\n";
    settle(entry.path(), entry.path(), read_file(entry.path()), found, found);
  }
}

void Runner::run_all(const fs::path& folder) {
  std::vector<fs::path> entries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  for (const fs::path& entry : entries) {
    if (fs::is_directory(entry)) {
      fs::exists(entry / "case.txt") ? run_folder(entry) : run_all(entry);
    } else if (entry.extension() == ".watt") {
      run_file(entry);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Runner runner;
  std::vector<fs::path> folders;
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "--update") == 0) {
      runner.update = true;
    } else {
      folders.push_back(argv[i]);
    }
  }
  if (argc < 3 || folders.empty()) {
    std::fprintf(stderr, "usage: golden_runner WATTLAW [--update] FOLDER…\n");
    return 2;
  }
  runner.wattlaw = fs::absolute(argv[1]);
  for (const fs::path& folder : folders) {
    // A case's own folder or file may be named, too.
    if (fs::exists(folder / "case.txt")) {
      runner.run_folder(folder);
    } else if (fs::is_regular_file(folder)) {
      runner.run_file(folder);
    } else if (fs::is_directory(folder)) {
      runner.run_all(folder);
    } else {
      runner.fail(folder, "no such folder or file");
    }
  }
  std::printf("%d goldens, %d failed, %d rewritten\n", runner.cases, runner.failed, runner.rewritten);
  if (runner.cases == 0 && runner.failed == 0) std::printf("no golden was found\n");
  return runner.failed > 0 || runner.cases == 0;
}
