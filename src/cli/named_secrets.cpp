// Secrets that cannot be read, with what to do.
#include "cli/named_secrets.h"

#include <filesystem>

#include "base/text.h"
#include "net/secrets.h"

namespace cosell::cli {

namespace {

namespace fs = std::filesystem;

bool is_reference(const json::Value& v) {
  if (!v.is_string()) return false;
  const std::string& written = v.text();
  return text::starts_with(written, "file:") || text::starts_with(written, "env:") ||
         text::starts_with(written, "credential:");
}

bool is_public(const std::string& setting) { return text::ends_with(setting, ".certificate"); }

// A missing key of saved logins is made; every other secret comes from a system.
std::string remedy_for(const std::string& setting, const std::string& reference, const Config& config) {
  if (!text::starts_with(reference, "file:")) return "";
  const fs::path file = fs::path(config.base_dir) / reference.substr(5);
  std::error_code failed;
  if (fs::exists(file, failed)) return "";  // what is wrong with it says what to do
  if (setting == "tokens.key") {
    return "Make it: mkdir -p -m 700 " + file.parent_path().string() + "; openssl rand -base64 32 > " + file.string() +
           " && chmod 600 " + file.string();
  }
  const std::string readers = is_public(setting) ? "" : ", for its owner alone (chmod 600)";
  return "Put it there" + readers + ", or name another place in " + config.file + ".";
}

void look(std::vector<Finding>& problems, const std::string& setting, const std::string& reference,
          const Config& config) {
  const auto error = [&]() -> std::optional<Error> {
    if (is_public(setting)) {
      const auto read = net::read_named(reference, setting, config.base_dir);
      return read ? std::nullopt : std::optional<Error>(read.error());
    }
    const auto read = net::read_secret(reference, setting, config.base_dir);
    return read ? std::nullopt : std::optional<Error>(read.error());
  }();
  if (error) problems.push_back({Finding::Level::problem, "", error->message, remedy_for(setting, reference, config)});
}

void look_at_login(std::vector<Finding>& problems, const std::string& side, const json::Value& part,
                   const Config& config) {
  const json::Value* login = part.find("login");
  if (login == nullptr) return;
  for (const json::Member& m : login->members()) {
    if (is_reference(m.value)) look(problems, side + ".login." + m.key, m.value.text(), config);
  }
}

}  // namespace

std::vector<Finding> unreadable_secrets(const Config& config, const PairConfig& pair) {
  std::vector<Finding> problems;
  if (!config.tokens_file.empty()) look(problems, "tokens.key", config.tokens_key, config);
  look_at_login(problems, "crm", pair.crm, config);
  look_at_login(problems, "partner_center", pair.partner_center, config);
  return problems;
}

}  // namespace cosell::cli
