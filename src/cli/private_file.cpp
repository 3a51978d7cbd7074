// Files for their owner alone.
#include "cli/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cosell::cli {

std::ofstream file_for_its_owner(const std::string& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) {
    struct stat facts {};
    const bool ordinary = ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
    if (ordinary) static_cast<void>(::fchmod(fd, 0600));
    ::close(fd);
  }
  return std::ofstream(file, std::ios::binary | std::ios::trunc);
}

}  // namespace cosell::cli
