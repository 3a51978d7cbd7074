// A text sealed with a secret: AES-256-GCM under a key that HKDF-SHA256 derives from the secret and a fresh salt. Tells
// a wrong secret from a damaged seal. Knows nothing of files.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "net/secrets.h"

namespace cosell::net {

enum class SealProblem { not_sealed, wrong_key, damaged };

Result<std::string> seal(std::string_view plain, const Secret& key, Random& random);
tl::expected<std::string, SealProblem> unseal(std::string_view sealed, const Secret& key);

}  // namespace cosell::net
