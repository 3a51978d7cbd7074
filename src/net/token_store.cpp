// The token file: read, changed and replaced as a whole, under a lock that other processes respect. What is inside
// the seal is JSON; the seal itself is sealed.h.
#include "net/token_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/for_owner.h"
#include "base/json.h"
#include "net/sealed.h"

namespace cosell::net {
namespace {

constexpr std::size_t kMinKeySize = 16;
constexpr std::size_t kMaxFileSize = 4U << 20;
constexpr Duration kLook = milliseconds(50);
// A little longer than a login may take: its attempts begin within a minute and the last may run half a minute more,
// and with another token it may be asked for a second time.
constexpr Duration kLongestTurn = seconds(200);

struct File {
  int fd = -1;
  explicit File(int f) : fd(f) {}
  ~File() {
    if (fd >= 0) close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
};

Error io_error(const std::string& path, const char* what, int code = errno) {
  const std::string remedy = code == EACCES || code == EPERM ? " Check who owns it and its folder." : "";
  return make_error(ErrorClass::config,
                    "The saved logins in " + path + " cannot be " + what + ": " + std::strerror(code) + "." + remedy);
}

Error login_again(const std::string& path, const std::string& why) {
  return make_error(ErrorClass::config, "The saved logins in " + path + " cannot be used: " + why);
}

Error unusable(const std::string& path, SealProblem problem) {
  if (problem == SealProblem::wrong_key) {
    return login_again(path,
                       "they were saved with another key. Put the old key back, or delete the file and log in again.");
  }
  if (problem == SealProblem::not_sealed) return login_again(path, "this is another kind of file. Check the path.");
  return login_again(path, "the file is damaged. Delete it and log in again.");
}

Result<std::optional<std::string>> read_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0 && errno == ENOENT) return std::optional<std::string>();
  if (file.fd < 0) return io_error(path, "read");
  std::string out;
  std::array<char, 8192> part;
  while (out.size() < kMaxFileSize) {
    const ssize_t n = ::read(file.fd, part.data(), std::min(part.size(), kMaxFileSize - out.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(path, "read");
    if (n == 0) break;
    out.append(part.data(), static_cast<std::size_t>(n));
  }
  return std::optional<std::string>(std::move(out));
}

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

json::Value to_json(const StoredToken& t) {
  json::Value v = json::Value::object();
  v.set("access_token", json::Value::string(t.access_token));
  if (t.expires) v.set("expires", json::Value::string(to_string(*t.expires)));
  v.set("refresh_token", json::Value::string(t.refresh_token));
  v.set("instance_url", json::Value::string(t.instance_url));
  v.set("issued_for", json::Value::string(t.issued_for));
  if (t.renewed_at) v.set("renewed_at", json::Value::string(to_string(*t.renewed_at)));
  return v;
}

StoredToken token_from(const json::Value& v) {
  StoredToken t;
  t.access_token = v.text_of("access_token");
  t.expires = parse_instant(v.text_of("expires"));
  t.refresh_token = v.text_of("refresh_token");
  t.instance_url = v.text_of("instance_url");
  t.issued_for = v.text_of("issued_for");
  t.renewed_at = parse_instant(v.text_of("renewed_at"));
  return t;
}

}  // namespace

Result<TokenStore> TokenStore::open(std::string path, Secret key, Random& random) {
  if (key.reveal().size() < kMinKeySize) {
    return make_error(ErrorClass::config,
                      "The key for saved logins is too short. Make one with: openssl rand -base64 32");
  }
  // Only a directory that is made here gets its mode; an existing one is the admin's.
  const std::string directory = directory_of(path);
  std::error_code failure;
  const bool existed = std::filesystem::exists(directory, failure);
  if (!failure) failure = make_folders_for_owner(directory);
  if (!existed && !failure) {
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, failure);
  }
  if (failure) {
    return make_error(ErrorClass::config,
                      "The directory " + directory + " for saved logins cannot be made: " + failure.message() + ".");
  }
  TokenStore store(std::move(path), std::move(key), random);
  if (const Result<Tokens> tokens = store.load(); !tokens) return tokens.error();
  return store;
}

Result<TokenStore::Tokens> TokenStore::load() const {
  const Result<std::optional<std::string>> bytes = read_file(path_);
  if (!bytes) return bytes.error();
  if (!*bytes) return Tokens();
  const auto plain = unseal(**bytes, key_);
  if (!plain) return unusable(path_, plain.error());
  const auto root = json::read(*plain);
  if (!root || !root->is_object()) return unusable(path_, SealProblem::damaged);
  Tokens tokens;
  for (const json::Member& m : root->members()) tokens[m.key] = token_from(m.value);
  return tokens;
}

Result<void> TokenStore::save(const Tokens& tokens) const {
  json::Value root = json::Value::object();
  for (const auto& [name, token] : tokens) root.set(name, to_json(token));
  const Result<std::string> sealed = seal(json::write(root), key_, *random_);
  if (!sealed) return sealed.error();
  const std::error_code failed = replace_file_for_owner(path_, *sealed);
  if (failed) return io_error(path_, "written", failed.value());
  return {};
}

Result<void> TokenStore::change(const std::function<void(Tokens&)>& edit) {
  const std::string lock_path = path_ + ".lock";
  const File lock(lock_file_for_owner(lock_path, path_));
  if (lock.fd < 0) return io_error(path_, "locked");
  while (flock(lock.fd, LOCK_EX) != 0) {
    if (errno != EINTR) return io_error(path_, "locked");
  }
  Result<Tokens> tokens = load();
  if (!tokens) return tokens.error();
  edit(*tokens);
  return save(*tokens);
}

TokenStore::Turn::~Turn() {
  if (fd_ >= 0) ::close(fd_);
}

TokenStore::Turn TokenStore::turn(const std::string& name, Clock& clock) const {
  const std::string lock_path = path_ + "." + name + ".lock";
  const int fd = lock_file_for_owner(lock_path, path_);
  if (fd < 0) return Turn();
  for (Duration waited; flock(fd, LOCK_EX | LOCK_NB) != 0; waited = waited + kLook) {
    const bool others = errno == EWOULDBLOCK || errno == EINTR;
    if (!others || waited >= kLongestTurn || !clock.sleep_for(kLook)) {
      ::close(fd);
      return Turn();
    }
  }
  return Turn(fd);
}

Result<std::optional<StoredToken>> TokenStore::get(const std::string& name) const {
  const Result<Tokens> tokens = load();
  if (!tokens) return tokens.error();
  const auto it = tokens->find(name);
  if (it == tokens->end()) return std::optional<StoredToken>();
  return std::optional<StoredToken>(it->second);
}

Result<void> TokenStore::put(const std::string& name, const StoredToken& token) {
  return change([&](Tokens& tokens) { tokens[name] = token; });
}

Result<void> TokenStore::remove(const std::string& name) {
  return change([&](Tokens& tokens) { tokens.erase(name); });
}

Result<void> TokenStore::try_writing() {
  return change([](Tokens&) {});
}

}  // namespace cosell::net
