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

// Whether a file may be readable for everybody on the machine.
enum class Readers { owner, everybody };

Result<std::string> from_file(const std::string& path, std::string_view setting, Readers allowed) {
  const File file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) {
    return config_error(setting, "the file " + path + " cannot be opened: " + std::strerror(errno) + ".");
  }
  struct stat info {};
  if (fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode)) return config_error(setting, path + " is not a file.");
  if (allowed == Readers::owner && (info.st_mode & S_IRWXO) != 0) {
    return config_error(setting, "everybody on this machine may read " + path + ". Run: chmod 600 " + path);
  }
  Result<std::string> value = read_all(file.fd, setting, path);
  if (!value) return std::move(value.error());
  std::string text = without_line_end(std::move(*value));
  if (text.empty()) return config_error(setting, "the file " + path + " is empty.");
  return text;
}

Result<std::string> from_environment(const std::string& name, std::string_view setting) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    return config_error(setting, "the environment variable " + name + " is not set.");
  }
  return without_line_end(value);
}

Result<std::string> from_credential(const std::string& name, std::string_view setting) {
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
  return from_file(std::string(directory) + "/" + name, setting, Readers::everybody);
}

// "file:secrets/key": kind and name.
struct Reference {
  explicit Reference(std::string_view text)
      : kind(text.substr(0, text.find(':'))),
        name(text.find(':') == std::string_view::npos ? "" : text.substr(text.find(':') + 1)) {}
  bool known() const { return kind == "env" || kind == "file" || kind == "credential"; }
  std::string path(std::string_view base_dir) const {
    const bool relative = !name.empty() && name.front() != '/' && !base_dir.empty();
    return relative ? std::string(base_dir) + "/" + name : name;
  }
  std::string kind;
  std::string name;
};

Result<std::string> read_reference(std::string_view text, std::string_view setting, std::string_view base_dir,
                                   Readers allowed) {
  const Reference reference(text);
  if (text.find(':') == std::string_view::npos || !reference.known()) {
    // The value itself is not repeated: it may be the secret.
    return config_error(setting,
                        "secrets are not written into the configuration. Name where the secret is: env:NAME, "
                        "file:PATH or credential:NAME.");
  }
  if (reference.name.empty()) return config_error(setting, "a name must follow \"" + reference.kind + ":\".");
  if (reference.kind == "env") return from_environment(reference.name, setting);
  if (reference.kind == "credential") return from_credential(reference.name, setting);
  return from_file(reference.path(base_dir), setting, allowed);
}

}  // namespace

Result<Secret> read_secret(std::string_view reference, std::string_view setting, std::string_view base_dir) {
  Result<std::string> value = read_reference(reference, setting, base_dir, Readers::owner);
  if (!value) return std::move(value.error());
  return Secret(std::move(*value));
}

Result<std::string> read_named(std::string_view reference, std::string_view setting, std::string_view base_dir) {
  return read_reference(reference, setting, base_dir, Readers::everybody);
}

std::string place_of(std::string_view reference, std::string_view base_dir) {
  const Reference parts(reference);
  if (parts.kind == "env") return "the environment variable " + parts.name;
  if (parts.kind == "credential") return "the credential " + parts.name;
  return "the file " + parts.path(base_dir);
}

}  // namespace cosell::net
