// Reading secrets by reference. The list of living secrets exists for redact.cpp alone.
#include "net/secrets.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ostream>

#include "base/text.h"
#include "net/living_secrets.h"

namespace cosell::net {

struct Secret::Held {
  explicit Held(std::string v) : value(std::move(v)) { living_secrets::add(value); }
  ~Held() {
    living_secrets::remove(value);
    OPENSSL_cleanse(value.data(), value.size());
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  std::string value;
};

Secret::Secret(std::string value) : held_(std::make_shared<const Held>(std::move(value))) {}

const std::string& Secret::reveal() const {
  static const std::string kNone;
  return held_ ? held_->value : kNone;
}

std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

namespace {

constexpr std::size_t kMaxSecretBytes = 64U << 10;

Error config_error(std::string_view setting, const std::string& what) {
  return make_error(ErrorClass::config, std::string(setting) + ": " + what);
}

std::string without_line_end(std::string value) {
  if (text::ends_with(value, "\n")) value.pop_back();
  if (text::ends_with(value, "\r")) value.pop_back();
  return value;
}

struct File {
  int fd;
  ~File() {
    if (fd >= 0) close(fd);
  }
};

Result<std::string> read_all(int fd, std::string_view setting, const std::string& path) {
  std::string out(kMaxSecretBytes + 1, '\0');
  std::size_t size = 0;
  while (size < out.size()) {
    const ssize_t n = read(fd, out.data() + size, out.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return config_error(setting, "the file " + path + " cannot be read: " + std::strerror(errno) + ".");
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size > kMaxSecretBytes) return config_error(setting, "the file " + path + " is too large to be a secret.");
  out.resize(size);
  return out;
}

Result<Secret> from_file(const std::string& path, std::string_view setting, bool check_mode) {
  const File file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) {
    return config_error(setting, "the file " + path + " cannot be opened: " + std::strerror(errno) + ".");
  }
  struct stat info {};
  if (fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode)) return config_error(setting, path + " is not a file.");
  if (check_mode && (info.st_mode & S_IRWXO) != 0) {
    return config_error(setting, "everybody on this machine may read " + path + ". Run: chmod 600 " + path);
  }
  Result<std::string> value = read_all(file.fd, setting, path);
  if (!value) return std::move(value.error());
  std::string secret = without_line_end(std::move(*value));
  if (secret.empty()) return config_error(setting, "the file " + path + " is empty.");
  return Secret(std::move(secret));
}

Result<Secret> from_environment(const std::string& name, std::string_view setting) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    return config_error(setting, "the environment variable " + name + " is not set.");
  }
  return Secret(without_line_end(value));
}

Result<Secret> from_credential(const std::string& name, std::string_view setting) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') {
    return config_error(setting, "the credential " + name +
                                     " comes from systemd, but this process was not started by a unit with "
                                     "LoadCredential=" +
                                     name + ":PATH.");
  }
  if (name.find('/') != std::string::npos || name == "." || name == "..") {
    return config_error(setting, "a credential has a plain name without '/'.");
  }
  return from_file(std::string(directory) + "/" + name, setting, false);
}

}  // namespace

Result<Secret> read_secret(std::string_view reference, std::string_view setting, std::string_view base_dir) {
  const std::size_t colon = reference.find(':');
  const std::string kind(reference.substr(0, colon));
  const std::string name(colon == std::string_view::npos ? "" : reference.substr(colon + 1));
  const bool known = kind == "env" || kind == "file" || kind == "credential";
  if (colon == std::string_view::npos || !known) {
    // The value itself is not repeated: it may be the secret.
    return config_error(setting,
                        "secrets are not written into the configuration. Name where the secret is: env:NAME, "
                        "file:PATH or credential:NAME.");
  }
  if (name.empty()) return config_error(setting, "a name must follow \"" + kind + ":\".");
  if (kind == "env") return from_environment(name, setting);
  if (kind == "credential") return from_credential(name, setting);
  const bool relative = name.front() != '/' && !base_dir.empty();
  return from_file(relative ? std::string(base_dir) + "/" + name : name, setting, true);
}

}  // namespace cosell::net
