// Tokens that outlive a run, encrypted in one small file: AES-256-GCM, the key derived from a referenced secret.
// Apart from the sync store, so that copies of that carry no login. Safe with several processes on one file.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "base/time.h"
#include "net/secrets.h"

namespace cosell::net {

struct StoredToken {
  std::string access_token = {};
  std::optional<Instant> expires = {};  // nothing: the server did not say
  std::string refresh_token = {};
  std::string instance_url = {};  // where the token is valid, if the server says so
  std::string issued_for = {};    // who asked whom; a token of another app or tenant is not used
  // When the refresh token was given or last used; nothing in files of before that was kept.
  std::optional<Instant> renewed_at = {};

  bool operator==(const StoredToken&) const = default;
};

class TokenStore {
 public:
  // Checks the key, and the file if it exists; creates the directory (0700) otherwise. Errors are
  // ErrorClass::config and say what to do: key too short, key is another one, file damaged, no permission.
  static Result<TokenStore> open(std::string path, Secret key, Random& random);

  Result<std::optional<StoredToken>> get(const std::string& name) const;
  // On disk (file 0600, replaced as a whole, synced) when this returns.
  Result<void> put(const std::string& name, const StoredToken& token);
  Result<void> remove(const std::string& name);
  // Writes the file as it is. An error, as put() has it, where there is no room or no permission now.
  Result<void> try_writing();

  // Who renews a login has its turn until this is gone: a refresh token may be used once only. Empty where nobody else
  // gave his back in time, or no lock can be had; the renewal then goes on without.
  class Turn {
   public:
    Turn() = default;
    explicit Turn(int fd) : fd_(fd) {}
    Turn(Turn&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    int fd_ = -1;
  };
  Turn turn(const std::string& name, Clock& clock) const;

  const std::string& path() const { return path_; }

 private:
  using Tokens = std::map<std::string, StoredToken>;
  TokenStore(std::string path, Secret key, Random& random)
      : path_(std::move(path)), key_(std::move(key)), random_(&random) {}
  Result<Tokens> load() const;
  Result<void> save(const Tokens& tokens) const;
  Result<void> change(const std::function<void(Tokens&)>& edit);

  std::string path_;
  Secret key_;
  Random* random_;
};

}  // namespace cosell::net
