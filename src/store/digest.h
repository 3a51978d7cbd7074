// SHA-256 as the store keeps it: 32 bytes, written in hex only where it is hashed again.
#pragma once

#include <string>
#include <string_view>

namespace cosell::store {

std::string sha256_bytes(std::string_view text);
std::string bytes_of(std::string_view hex);
std::string hex_of(std::string_view bytes);

}  // namespace cosell::store
