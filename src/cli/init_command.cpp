// `cosell init`: a few questions become a configuration, a first mapping and the key of saved logins. Which settings a
// login has is asked of the table of systems; what they mean stands in the set-up guides.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <iostream>

#include "base/random.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/exit.h"
#include "cli/mapping_files.h"
#include "connectors/registry.h"
#include "net/http.h"

namespace cosell::cli {

namespace {

namespace fs = std::filesystem;

const std::string nothing_written = "\nNothing was written.";

Error refusal(const std::string& message) { return make_error(ErrorClass::config, message + nothing_written); }

// What is wrong with an answer; "" when it can be used.
using Judge = std::function<std::string(const std::string& answer)>;

// What was answered: "" takes what stands in brackets. A person is asked again after an answer that cannot be.
class Questions {
 public:
  explicit Questions(Output& output) : output_(output) {}

  Result<std::string> ask(const std::string& what, const std::string& usual = "", const Judge& judge = {}) {
    while (true) {
      output_.error(what + (usual.empty() ? "" : " [" + usual + "]") + ":");  // also with --quiet
      std::string answer;
      if (!std::getline(std::cin, answer)) return refusal("The answers ended before the last question.");
      answer = text::trim(answer);
      if (answer.empty()) answer = usual;
      const std::string wrong = judge ? judge(answer) : "";
      if (wrong.empty()) return answer;
      if (::isatty(STDIN_FILENO) == 0) return refusal(what + ": " + wrong);
      output_.error(wrong);
    }
  }

 private:
  Output& output_;
};

bool is_guid(const std::string& s) {
  constexpr std::string_view shape = "00000000-0000-0000-0000-000000000000";
  return s.size() == shape.size() && std::equal(s.begin(), s.end(), shape.begin(), [](char c, char like) {
           return like == '-' ? c == '-' : std::isxdigit(static_cast<unsigned char>(c)) != 0;
         });
}

bool is_domain(const std::string& s) {
  const auto labels = text::split(s, '.');
  return labels.size() > 1 && std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
           return !label.empty() && std::all_of(label.begin(), label.end(), [](char c) {
             return c == '-' || std::isalnum(static_cast<unsigned char>(c)) != 0;
           });
         });
}

std::string no_address(const std::string& answer) {
  const auto url = http::parse_url(answer);
  const bool good = url && (url->scheme == "https" || http::is_loopback(url->host));
  return good ? "" : "\"" + answer + "\" is no address: it begins with https:// and names the machine.";
}

std::string no_name(const std::string& answer) {
  return is_pair_name(answer) ? "" : std::string(pair_name_rule) + ", not \"" + answer + "\".";
}

std::string no_tenant(const std::string& answer) {
  if (is_guid(answer) || is_domain(answer)) return "";
  return "\"" + answer +
         "\" is no tenant: it is a domain, such as contoso.onmicrosoft.com, or the directory's id, such "
         "as 00000000-0000-0000-0000-000000000000.";
}

std::string no_location(const std::string& answer) {
  const bool digits = answer.find_first_not_of("0123456789") == std::string::npos;
  return digits ? "" : "\"" + answer + "\" is no PartnerID: it has digits only, such as 1234567.";
}

std::string nothing_said(const std::string& answer) { return answer.empty() ? "It cannot be left out." : ""; }

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

bool names_a_secret(const json::Value& v) { return text::starts_with(v.text(), "file:"); }

// The login that is recommended for a system, with answers in place of a sandbox's. `keeps_secrets`: a person logs in
// to Partner Center, so that no secret of it is named.
Result<json::Value> ask_login(Questions& questions, const System& system, const json::Value& of_sandbox,
                              bool keeps_secrets) {
  json::Value login = json::Value::object();
  for (const json::Member& m : of_sandbox.members()) {
    if (m.key == "token_url" || (names_a_secret(m.value) && !keeps_secrets)) continue;
    if (m.key == "flow" || names_a_secret(m.value)) {
      login.set(m.key, m.value);
      continue;
    }
    auto answer = questions.ask(system.display_name + ", " + m.key, "", m.key == "tenant" ? no_tenant : nothing_said);
    if (!answer) return answer.error();
    login.set(m.key, json::Value::string(*answer));
  }
  return login;
}

struct Company {
  const System* crm = nullptr;
  std::string pair;
  json::Value crm_part = json::Value::object();
  json::Value partner_center_part = json::Value::object();
  std::string location;
};

// "https://contoso.crm.example" -> "contoso"
std::string first_label(const std::string& url) {
  const auto parsed = http::parse_url(url);
  return parsed ? parsed->host.substr(0, parsed->host.find('.')) : "";
}

const System* crm_called(const std::string& name) {
  const System* system = find_system(text::lower_ascii(name));
  return system != nullptr && system->is_crm ? system : nullptr;
}

std::string no_crm(const std::string& answer) {
  if (crm_called(answer) != nullptr) return "";
  const std::string near = text::nearest(answer, crm_names());
  return "There is no CRM \"" + answer + "\"; " +
         (near.empty() ? "there are: " + text::join(crm_names(), ", ") : "did you mean " + near + "?");
}

Result<Company> ask_company(Output& output, Questions& questions) {
  Company company;
  auto crm = questions.ask("Which CRM? " + text::join(crm_names(), " or "), "", no_crm);
  if (!crm) return crm.error();
  company.crm = crm_called(*crm);
  output.note("Where each answer is found: docs/setup-" + company.crm->name + ".md, then docs/setup-partner-center.md");
  auto url = questions.ask(company.crm->display_name + ", address (https://…)", "", no_address);
  if (!url) return url.error();
  auto pair = questions.ask("A name for this CRM with its Partner Center account", first_label(*url), no_name);
  if (!pair) return pair.error();
  company.pair = *pair;
  const json::Value like = company.crm->sandbox_part(*url, SandboxLogin::certificate);
  auto login = ask_login(questions, *company.crm, *like.find("login"), true);
  if (!login) return login.error();
  company.crm_part = like;
  company.crm_part.set("login", std::move(*login));
  const json::Value other = partner_center_system().sandbox_part("", SandboxLogin::secret);
  auto person = ask_login(questions, partner_center_system(), *other.find("login"), false);
  if (!person) return person.error();
  company.partner_center_part.set("login", std::move(*person));
  auto location =
      questions.ask("Your PartnerID (location) that owns the deals; empty: later, in the mapping", "", no_location);
  if (!location) return location.error();
  company.location = *location;
  return company;
}

std::string configuration_of(const Company& company, const fs::path& dir) {
  const std::string state = state_folder_for(dir.string());
  const json::Value pair = Object()
                               .value("crm", company.crm_part)
                               .value("partner_center", company.partner_center_part)
                               .text("mapping", company.pair + ".mapping.jsonc")
                               .text("store", state + company.pair + ".db")
                               .done();
  Object all;
  if (is_there(dir / "config.schema.json")) all.text("$schema", "./config.schema.json");
  all.value("pairs", Object().value(company.pair, pair).done());
  all.value("tokens", Object().text("file", state + "tokens").text("key", "file:secrets/tokens.key").done());
  return "// Paths are relative to this file. Secrets are named here, never written. What else can be set, and what "
         "counts\n"
         "// without it: config/cosell.example.jsonc and config/config.schema.json.\n" +
         json::write_pretty(all.done()) + "\n";
}

std::string mapping_of(const Company& company, const fs::path& dir) {
  std::string text =
      "// What the columns and stages of the CRM mean in Partner Center: docs/mapping.md. The stages of the shipped "
      "mapping\n"
      "// count until this file has its own; `cosell mapping init` proposes them from those that the CRM has.\n{\n";
  if (is_there(dir / "../mappings/mapping.schema.json")) {
    text += "  \"$schema\": \"../mappings/mapping.schema.json\",\n";
  }
  text += "  \"extends\": " + json::write(json::Value::string(company.crm->mapping)) + ",\n  \"fields\": {\n";
  const std::string location = company.location.empty() ? "1234567" : company.location;
  text += std::string("    ") + (company.location.empty() ? "// " : "") +
          "\"location\": { \"constant\": " + json::write(json::Value::string(location)) + " },\n";
  text +=
      "    // Who says that customers agree to share their contacts with Microsoft? No deal is created before that:\n"
      "    // \"consent_contact\": { \"statement\": \"Agreed in every contract\", \"signed_by\": \"name\", \"date\": "
      "\"2026-01-31\" },\n"
      "    \"marketplace_intent\": { \"default\": \"HaveNotDecided\" },\n"
      "    \"close_date\": { \"default\": \"today + 90d\" }  // used once, for a new referral without a date\n"
      "  }\n}\n";
  return text;
}

Result<void> write_key(const fs::path& file) {
  if (is_there(file)) return {};
  SystemRandom random;
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t n = random.next();
    bytes.append(reinterpret_cast<const char*>(&n), sizeof n);
  }
  if (auto done = write_new_file(file.string(), text::base64_encode(bytes) + "\n", 0600); !done) return done;
  return {};
}

Result<void> write_all(const Company& company, const fs::path& dir) {
  std::error_code failed;
  fs::create_directories(dir, failed);
  if (!failed && ::mkdir((dir / "secrets").c_str(), 0700) != 0 && errno != EEXIST) {
    failed = std::error_code(errno, std::generic_category());
  }
  if (failed) return make_error(ErrorClass::config, dir.string() + " cannot be made: " + failed.message() + ".");
  if (auto done = write_key(dir / "secrets/tokens.key"); !done) return done;
  const fs::path mapping = dir / (company.pair + ".mapping.jsonc");
  if (!is_there(mapping)) {
    if (auto done = write_new_file(mapping.string(), mapping_of(company, dir)); !done) return done;
  }
  return write_new_file((dir / "cosell.jsonc").string(), configuration_of(company, dir));
}

void tell_next(Output& output, const Company& company, const fs::path& dir) {
  const bool usual = dir == fs::path("config");
  const std::string config = usual ? "" : " --config " + (dir / "cosell.jsonc").string();
  output.line("Written: " + (dir / "cosell.jsonc").string() + ", " +
              (dir / (company.pair + ".mapping.jsonc")).string() + " and the key of saved logins, " +
              (dir / "secrets/tokens.key").string() + ".");
  output.line("Next:");
  if (const auto& keys = company.crm->sandbox_key_pair) {
    output.line("  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj \"/CN=cosell bridge\" -keyout " +
                (dir / keys->key).string() + " -out " + (dir / keys->certificate).string());
    output.line("      # makes the key with which the bridge logs in; the certificate is uploaded to " +
                company.crm->display_name + " (docs/setup-" + company.crm->name + ".md)");
  }
  output.line("  cosell check" + config + "     # what is still missing, and what to do about it");
  output.line("  cosell login partner-center" + config);
  output.line("  cosell mapping init" + config + "     # a stage table from the stages that the CRM has");
}

}  // namespace

int init_command(Output& output, const std::string& folder) {
  Session session(output);
  const fs::path dir(folder);
  const std::string file = (dir / "cosell.jsonc").string();
  std::error_code ignored;
  if (fs::exists(file, ignored)) {
    return failed(
               session, nullptr,
               make_error(ErrorClass::config, file + " is there already, and a file of yours is never overwritten. " +
                                                  "Another folder: --dir DIR"))
        .code;
  }
  Questions questions(output);
  auto company = ask_company(output, questions);
  if (!company) return failed(session, nullptr, company.error()).code;
  const ReadConfig read = read_config(file, configuration_of(*company, dir));
  if (!read.config) {
    return failed(session, nullptr, refusal("With these answers:\n" + text::join(read.problems, "\n"))).code;
  }
  if (auto done = write_all(*company, dir); !done) return failed(session, nullptr, done.error()).code;
  tell_next(output, *company, dir);
  if (output.options().json) output.json(Object().text("written", file).done());
  return exit_done;
}

}  // namespace cosell::cli
