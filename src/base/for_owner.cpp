// Only what was just made here is given away: a link that somebody put in its place must not lead to a file of root.
#include "base/for_owner.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>

namespace cosell {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// Where the system does not let root do it, the file is root's; that is told where somebody else fails to open it.
void give_to_owner_of(const std::string& path, int made) {
  struct stat facts {};
  if (::geteuid() != 0 || ::stat(path.c_str(), &facts) != 0) return;
  if (::fchown(made, facts.st_uid, facts.st_gid) != 0) return;
}

int make_file(const std::string& file, const std::string& instead_of) {
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) return made;
  std::error_code none;
  give_to_owner_of(fs::exists(instead_of, none) ? instead_of : folder_of(instead_of), made);
  return made;
}

std::error_code last_error() { return {errno, std::generic_category()}; }

std::error_code write_and_flush(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_error();
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(file) == 0 ? std::error_code() : last_error();
}

// So that a name that changed is there after a power loss, too.
std::error_code flush_folder(const std::string& folder) {
  const int open = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (open < 0) return last_error();
  const std::error_code failed = ::fsync(open) == 0 ? std::error_code() : last_error();
  ::close(open);
  return failed;
}

}  // namespace

int new_file_for_owner(const std::string& file, const std::string& instead_of) {
  ::unlink(file.c_str());
  return make_file(file, instead_of);
}

std::error_code replace_file_for_owner(const std::string& file, std::string_view bytes) {
  const std::string unfinished = file + ".new";
  const int made = new_file_for_owner(unfinished, file);
  if (made < 0) return last_error();
  std::error_code failed = write_and_flush(made, bytes);
  ::close(made);
  if (!failed && ::rename(unfinished.c_str(), file.c_str()) != 0) failed = last_error();
  if (!failed) return flush_folder(folder_of(file));
  ::unlink(unfinished.c_str());
  return failed;
}

int lock_file_for_owner(const std::string& file, const std::string& guarded) {
  const int made = make_file(file, guarded);
  return made >= 0 || errno != EEXIST ? made : ::open(file.c_str(), O_RDWR | O_CLOEXEC);
}

std::error_code make_folders_for_owner(const std::string& folder) {
  std::error_code failed;
  std::vector<fs::path> missing;
  for (fs::path one = folder; !one.empty() && !fs::exists(one, failed); one = one.parent_path()) missing.push_back(one);
  for (auto one = missing.rbegin(); one != missing.rend(); ++one) {
    if (!fs::create_directory(*one, failed)) {
      if (failed) return failed;
      continue;  // somebody else made it meanwhile, or it is named twice
    }
    const int made = ::open(one->c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (made < 0) continue;
    give_to_owner_of(folder_of(one->string()), made);
    ::close(made);
  }
  std::error_code not_there;
  if (folder.empty() || fs::is_directory(folder, not_there)) return {};
  return not_there ? not_there : std::make_error_code(std::errc::not_a_directory);
}

}  // namespace cosell
