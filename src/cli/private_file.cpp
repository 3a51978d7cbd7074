// Files for their owner alone.
#include "cli/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cosell::cli {

namespace {

bool is_ordinary(const std::string& file) {
  struct stat facts {};
  return ::stat(file.c_str(), &facts) == 0 && S_ISREG(facts.st_mode);
}

Error refused(const std::string& file, int code) {
  const std::string why = code == 0 ? "." : std::string(": ") + std::strerror(code) + ".";
  return make_error(ErrorClass::config, "The file " + file + " cannot be written" + why);
}

}  // namespace

Result<std::ofstream> file_for_its_owner(const std::string& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const int code = fd < 0 ? errno : 0;
  if (fd >= 0) ::close(fd);
  if (code == EEXIST && is_ordinary(file)) {
    return make_error(ErrorClass::config, "The file " + file + " exists already. Name a new one with --file.");
  }
  if (code != 0 && code != EEXIST) return refused(file, code);
  errno = 0;
  std::ofstream out(file, std::ios::binary);
  if (!out) return refused(file, errno);
  return out;
}

void take_away(const std::string& file) {
  if (is_ordinary(file)) ::unlink(file.c_str());
}

Error not_written(const std::string& file) {
  const int code = errno;
  take_away(file);
  return refused(file, code);
}

}  // namespace cosell::cli
