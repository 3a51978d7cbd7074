// The values of all living Secrets, for redaction. Thread-safe; nothing else may use it.
#pragma once

#include <string>

namespace cosell::net::living_secrets {

void add(const std::string& value);
void remove(const std::string& value);
std::string hide_in(std::string text);

}  // namespace cosell::net::living_secrets
