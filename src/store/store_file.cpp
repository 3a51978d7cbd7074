// Reading SQLite's file header and copying files. The layout of the header is part of SQLite's file format.
#include "store/store_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cosell::store {
namespace {

constexpr std::size_t kHeaderSize = 100;
constexpr std::size_t kLogHeaderSize = 32;
constexpr std::string_view kMagic{"SQLite format 3\0", 16};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  bool open() const { return number_ >= 0; }

 private:
  int number_;
};

Descriptor open_to_read(const std::string& path) { return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)); }

std::string read_start(int descriptor, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = ::pread(descriptor, bytes.data(), size, 0);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < size; ++i) n = n << 8 | static_cast<unsigned char>(bytes[at + i]);
  return n;
}

Error refused(const std::string& path, const std::string& found, const std::string& remedy) {
  return make_error(ErrorClass::store_damaged, path + " " + found + ". Nothing was changed. " + remedy);
}

const char* const kNameAnother =
    "Name another file as the store in the configuration, or move this one away and sync again.";
// The size the file ought to have; empty when the header does not tell.
std::optional<std::int64_t> expected_size(std::string_view header) {
  const std::int64_t page = big_endian(header, 16, 2) == 1 ? 65536 : big_endian(header, 16, 2);
  const std::int64_t pages = big_endian(header, 28, 4);
  // The figure counts only when it was written together with the last change.
  if (pages == 0 || big_endian(header, 92, 4) != big_endian(header, 24, 4)) return std::nullopt;
  return page * pages;
}

std::int64_t size_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_size : 0;
}

Result<FileFacts> facts_from_header(const std::string& path, std::string_view header, std::int64_t size,
                                    std::int64_t newest) {
  if (header.substr(0, kMagic.size()) != kMagic.substr(0, header.size())) {
    return refused(path, "is not a store of cosell: it is no SQLite file", kNameAnother);
  }
  if (header.size() < kHeaderSize) {
    return refused(path, "is damaged: it is cut off after " + std::to_string(size) + " bytes", restore_or_begin_anew);
  }
  if (big_endian(header, 68, 4) != kApplicationId) {
    return refused(path, "is not a store of cosell: it is a SQLite file of another program", kNameAnother);
  }
  const std::int64_t version = big_endian(header, 60, 4);
  if (version > newest) {
    return refused(path,
                   "was written by a newer cosell (store version " + std::to_string(version) +
                       "; this program knows up to " + std::to_string(newest) + ")",
                   use_the_newer_program);
  }
  const auto expected = expected_size(header);
  // With a write-ahead log a short file is normal: its pages are still in the log.
  if (expected && size < *expected && size_of(path + "-wal") == 0) {
    return refused(
        path, "is damaged: it is cut off after " + std::to_string(size) + " of " + std::to_string(*expected) + " bytes",
        restore_or_begin_anew);
  }
  return FileFacts{true, version};
}

// What tells whether a file was changed while it was copied.
struct Fingerprint {
  bool exists = false;
  std::string log_header;  // changes whenever the log starts over
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t changed_ns = 0;
  bool operator==(const Fingerprint&) const = default;
};

// With a log in use only its header counts: the store file itself changes while the log is written back into it, but
// every page so changed is in the log, and the copy of the log puts it right. Without a log the file must stand still.
Fingerprint fingerprint_of(const std::string& path) {
  Fingerprint print;
  const Descriptor log = open_to_read(path + "-wal");
  if (log.open()) print.log_header = read_start(log.get(), kLogHeaderSize);
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return print;
  print.exists = true;
  print.inode = facts.st_ino;
  if (print.log_header.empty()) {
    print.size = facts.st_size;
    print.changed_ns = static_cast<std::int64_t>(facts.st_mtim.tv_sec) * 1'000'000'000 + facts.st_mtim.tv_nsec;
  }
  return print;
}

// Copies until the end of the file as it is when it is reached. An absent source gives an absent target.
Result<void> copy_file(const std::string& from, const std::string& to) {
  const Descriptor source = open_to_read(from);
  if (!source.open()) {
    const int code = errno;
    ::unlink(to.c_str());
    if (code == ENOENT) return {};
    return refused_by_system("cannot be read", from, code);
  }
  const Descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!target.open()) return refused_by_system("cannot be created", to, errno);
  std::vector<char> buffer(std::size_t{1} << 20);
  while (true) {
    const ssize_t count = ::read(source.get(), buffer.data(), buffer.size());
    if (count == 0) return {};
    if (count < 0) return refused_by_system("cannot be read", from, errno);
    for (ssize_t done = 0; done < count;) {
      const ssize_t written = ::write(target.get(), buffer.data() + done, static_cast<std::size_t>(count - done));
      if (written < 0) return refused_by_system("cannot be written", to, errno);
      done += written;
    }
  }
}

}  // namespace

Error refused_by_system(const std::string& what, const std::string& path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT;
  const bool no_handle = code == EMFILE || code == ENFILE;
  const char* const remedy = full ? ". Free some space; a service then goes on by itself, a command is given again."
                             : no_handle ? ". Let the process open more (ulimit -n; LimitNOFILE= of a service)."
                                         : ". Check who owns it and its folder.";
  Error error = make_error(full ? ErrorClass::store_damaged : ErrorClass::config,
                           path + " " + what + ": " + std::strerror(code) + remedy);
  error.rule = full ? "disk_full" : no_handle ? "no_handle" : "permission";
  return error;
}

Result<FileFacts> inspect(const std::string& path, std::int64_t newest) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    if (errno != ENOENT) return refused_by_system("cannot be opened", path, errno);
    if (size_of(path + "-wal") == 0) return FileFacts{};
    return refused(
        path, "is missing, but its log " + path + "-wal is still there",
        "Put the store back from a backup (cosell store restore FILE), or move the log away and sync again.");
  }
  if (!S_ISREG(facts.st_mode)) return refused(path, "is not a file", kNameAnother);
  if (facts.st_size == 0) return refused(path, "is empty: it is no store", restore_or_begin_anew);
  const Descriptor file = open_to_read(path);
  if (!file.open()) return refused_by_system("cannot be opened", path, errno);
  // Another process may be writing its log back between one part of a look and the next. What counts is what two looks
  // show alike.
  std::string before;
  while (true) {
    const std::string header = read_start(file.get(), kHeaderSize);
    if (::fstat(file.get(), &facts) != 0) return refused_by_system("cannot be opened", path, errno);
    auto found = facts_from_header(path, header, facts.st_size, newest);
    const std::string shown = header + std::to_string(facts.st_size);
    if (found || shown == before) return found;
    before = shown;
  }
}

std::string real_path(const std::string& path) {
  std::error_code failed;
  const auto resolved = std::filesystem::weakly_canonical(path, failed);
  return failed ? path : resolved.string();
}

Result<TemporaryFolder> TemporaryFolder::make() {
  const char* chosen = std::getenv("TMPDIR");
  // /var/tmp rather than /tmp, which is often a small piece of memory.
  for (const std::string& base :
       {std::string(chosen == nullptr ? "" : chosen), std::string("/var/tmp"), std::string("/tmp")}) {
    if (base.empty()) continue;
    std::string name = base + "/cosell-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) return TemporaryFolder(std::move(name));
  }
  return refused_by_system("has no room for a temporary folder", "/var/tmp", errno);
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<void> copy_as_of_one_moment(const std::string& path, const std::string& target) {
  // The order matters: what the log held when the store file was copied is still in the log copied afterwards,
  // unless the log started over in between, which its header shows.
  constexpr int kAttempts = 20;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Fingerprint before = fingerprint_of(path);
    if (auto copied = copy_file(path, target); !copied) return copied;
    if (auto copied = copy_file(path + "-wal", target + "-wal"); !copied) return copied;
    if (before.exists && fingerprint_of(path) == before) return {};
  }
  return make_error(ErrorClass::store_busy,
                    path + " is being written too quickly to be copied. Try again when the present run is done.");
}

Result<void> flush_to_disk(const std::string& path) {
  const Descriptor file = open_to_read(path);
  if (!file.open() || ::fsync(file.get()) != 0) return refused_by_system("cannot be flushed to disk", path, errno);
  return {};
}

Result<void> flush_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return flush_to_disk(folder.empty() ? std::string(".") : folder);
}

}  // namespace cosell::store
