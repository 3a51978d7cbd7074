// Basic credentials and compact tokens.
#include "connectors/emulator/signed_token.h"

#include "base/text.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator {

std::pair<std::string, std::string> client_of(const http::Request& request,
                                              const std::vector<std::pair<std::string, std::string>>& form) {
  const std::string header = request.headers.get("Authorization");
  if (text::starts_with(text::lower_ascii(header), "basic ")) {
    const std::string pair = text::base64_decode(text::trim(header.substr(6)));
    const std::size_t colon = pair.find(':');
    if (colon != std::string::npos) {
      return {text::percent_decode(pair.substr(0, colon), true), text::percent_decode(pair.substr(colon + 1), true)};
    }
  }
  return {http::form_value(form, "client_id"), http::form_value(form, "client_secret")};
}

std::optional<SignedToken> read_signed_token(std::string_view token) {
  const std::vector<std::string> parts = text::split(token, '.');
  if (parts.size() != 3) return std::nullopt;
  auto header = read_json(text::base64_decode(parts[0]));
  auto claims = read_json(text::base64_decode(parts[1]));
  if (!header || !claims || !header->is_object() || !claims->is_object()) return std::nullopt;
  return SignedToken{std::move(*header), std::move(*claims), parts[0] + "." + parts[1], text::base64_decode(parts[2])};
}

}  // namespace cosell::emulator
