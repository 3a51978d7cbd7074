// The sandbox: one pair of servers per CRM, one clock for all of them, a folder with configuration, mapping and
// throw-away secrets. What each system needs comes from the table of systems.
#include "cli/sandbox_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/random.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/choices.h"
#include "cli/config.h"
#include "cli/exit.h"
#include "connectors/emulator/sandboxed.h"
#include "connectors/emulator/server.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/registry.h"
#include "net/certificate.h"

namespace cosell::cli {

namespace {

namespace fs = std::filesystem;

// Marks a folder as a sandbox's, so that no folder of somebody else is written over.
constexpr const char* marker = ".cosell-sandbox";
constexpr const char* ports_file = "state/ports.json";
constexpr const char* rates_name = "rates.jsonc";
constexpr const char* rates_text =
    R"(// US dollars per unit, by which values are compared with Microsoft's least value. Made up for the sandbox.
{
  "date": "2026-11",
  "source": "made up for the sandbox",
  "usd_per_unit": {
    "EUR": 1.08, "GBP": 1.26, "CHF": 1.13, "SEK": 0.096, "DKK": 0.145, "NOK": 0.094, "CAD": 0.73, "AUD": 0.66, "JPY": 0.0067
  }
}
)";

Error config_error(const std::string& message) { return make_error(ErrorClass::config, message); }

Result<void> write_file(const fs::path& path, const std::string& text, mode_t mode) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  const fs::path unfinished = path.string() + ".new";
  const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  bool good = file >= 0 && ::fchmod(file, mode) == 0;
  std::size_t done = 0;
  while (good && done < text.size()) {
    const ssize_t n = ::write(file, text.data() + done, text.size() - done);
    good = n > 0;
    if (good) done += static_cast<std::size_t>(n);
  }
  const int code = errno;
  if (file >= 0) ::close(file);
  if (good) fs::rename(unfinished, path, failed);
  if (good && !failed) return {};
  return config_error(path.string() + " cannot be written: " + (failed ? failed.message() : std::strerror(code)));
}

Result<Pairs> pairs_of(const std::vector<std::string>& written, const std::string& option) {
  Pairs out;
  for (const std::string& one : written) {
    const auto equals = one.find('=');
    if (equals == std::string::npos || equals == 0) {
      return config_error(option + " needs FIELD=" + (option == "--map" ? "COLUMN" : "VALUE") + ", not \"" + one +
                          "\".");
    }
    out.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  return out;
}

// A server and what stands behind it.
struct Stand {
  std::string pair;
  const System* system = nullptr;
  StandIn in;  // its core has moved into `sandboxed`
  std::unique_ptr<emulator::Sandboxed> sandboxed;
  std::unique_ptr<emulator::Server> server;
  int port = 0;

  std::string state_file() const { return "state/" + pair + "." + system->name + ".json"; }
};

class Sandbox {
 public:
  Sandbox(Output& output, const SandboxOptions& options) : output_(output), options_(options), clock_(real_) {}

  Result<void> start() {
    if (auto done = choose(); !done) return done;
    if (auto done = prepare_folder(); !done) return done;
    if (auto done = fill(); !done) return done;
    if (auto done = register_certificates(); !done) return done;
    if (auto done = serve(); !done) return done;
    if (auto done = write_configuration(); !done) return done;
    tell();
    return {};
  }

  void wait() {
    while (real_.sleep_for(hours(1))) {
    }
  }

  Result<void> stop() {
    // No request is under way any more when the state is saved.
    for (Stand& stand : stands_) stand.server.reset();
    if (!options_.keep) return {};
    for (Stand& stand : stands_) {
      const std::string text = emulator::write_json(stand.sandboxed->core().save());
      if (auto done = write_file(dir_ / stand.state_file(), text, 0600); !done) return done;
    }
    Object ports;
    for (const Stand& stand : stands_) ports.number(stand.state_file(), stand.port);
    if (auto done = write_file(dir_ / ports_file, json::write(ports.done()), 0600); !done) return done;
    return write_file(dir_ / "state/clock.json", json::write(Object().number("offset_ms", clock_.offset().ms).done()),
                      0600);
  }

 private:
  Result<void> choose() {
    if (options_.dir.empty()) return config_error("Say where the sandbox may write: --dir DIR");
    if (options_.login != "secret" && options_.login != "certificate") {
      return no_such("way to log in", options_.login, {"secret", "certificate"});
    }
    if (!options_.load.empty() && options_.as.empty()) {
      return config_error("--load needs --as SYSTEM; known are " + text::join(crm_names(), ", "));
    }
    if (!options_.as.empty()) {
      const System* system = find_system(options_.as);
      if (system == nullptr || !system->is_crm) {
        const std::string near = text::nearest(options_.as, crm_names());
        return config_error(
            "Unknown system \"" + options_.as + "\"; " +
            (near.empty() ? "known are " + text::join(crm_names(), ", ") : "did you mean " + near + "?"));
      }
      if (options_.login == "certificate" && !system->sandbox_key_pair) {
        return config_error(system->display_name + " is not logged in to by certificate.");
      }
    }
    for (const System& system : systems()) {
      if (!system.is_crm || (!options_.as.empty() && system.name != options_.as)) continue;
      add_stand(system.name, system);
      add_stand(system.name, partner_center_system());
    }
    return {};
  }

  void add_stand(const std::string& pair, const System& system) {
    Stand stand;
    stand.pair = pair;
    stand.system = &system;
    stand.in = system.make_stand_in();
    stands_.push_back(std::move(stand));
  }

  Result<void> prepare_folder() {
    std::error_code failed;
    dir_ = fs::absolute(options_.dir, failed).lexically_normal();
    fs::create_directories(dir_, failed);
    if (failed) return config_error(dir_.string() + " cannot be made: " + failed.message());
    const bool ours = fs::exists(dir_ / marker, failed);
    if (!ours && fs::exists(dir_ / "cosell.jsonc", failed)) {
      return config_error(dir_.string() + " has a cosell.jsonc that no sandbox wrote. Choose another folder.");
    }
    if (auto done = write_file(dir_ / marker, "Written by cosell sandbox; may be deleted as a whole.\n", 0600); !done) {
      return done;
    }
    fs::create_directories(dir_ / "secrets", failed);
    fs::permissions(dir_ / "secrets", fs::perms::owner_all, failed);
    // The systems begin empty, so what an earlier sandbox's syncs remembered would name records that are gone.
    if (ours && !options_.keep) {
      fs::remove_all(dir_ / "state", failed);
      if (failed) return config_error((dir_ / "state").string() + " cannot be emptied: " + failed.message());
    }
    return {};
  }

  // True when the state of an earlier sandbox was taken over.
  Result<bool> load_state(Stand& stand) {
    std::error_code failed;
    const fs::path file = dir_ / stand.state_file();
    if (!options_.keep || !fs::exists(file, failed)) return false;
    auto text = read_text_file(file.string());
    if (!text) return text.error();
    const auto saved = emulator::read_json(*text);
    if (!saved) return config_error(file.string() + " is damaged. Delete it to begin anew.");
    stand.in.core->load(*saved);
    return true;
  }

  void load_clock() {
    if (!options_.keep) return;
    const auto text = read_text_file((dir_ / "state/clock.json").string());
    if (!text) return;
    const auto saved = json::read(*text);
    const json::Value* offset = saved ? saved->find("offset_ms") : nullptr;
    const auto ms = offset == nullptr ? std::nullopt : offset->as_integer();
    if (ms) clock_.advance(milliseconds(*ms));
  }

  Result<void> load_csv(Stand& stand) {
    if (!stand.in.load_csv) {
      return config_error("The sandbox's " + stand.system->display_name + " loads no exports; use --deals N instead.");
    }
    auto csv = read_text_file(options_.load);
    if (!csv) return csv.error();
    auto map = pairs_of(options_.map, "--map");
    if (!map) return map.error();
    auto set = pairs_of(options_.set, "--set");
    if (!set) return set.error();
    auto loaded = stand.in.load_csv(*csv, *map, *set, clock_, random_);
    if (!loaded) return config_error(options_.load + ": " + loaded.error().message);
    notes_.push_back("Loaded " + grouped(static_cast<std::int64_t>(loaded->deals)) + " of " +
                     grouped(static_cast<std::int64_t>(loaded->rows)) + " rows of " + options_.load);
    for (const std::string& note : loaded->notes) notes_.push_back("  " + note);
    return {};
  }

  Result<void> fill() {
    load_clock();
    for (Stand& stand : stands_) {
      auto kept = load_state(stand);
      if (!kept) return kept.error();
      const bool crm = stand.system->is_crm;
      if (crm && !*kept && !options_.load.empty()) {
        if (auto done = load_csv(stand); !done) return done;
      }
      if (crm && !*kept && options_.deals > 0) stand.in.seed(static_cast<std::size_t>(options_.deals), clock_, random_);
      stand.sandboxed = std::make_unique<emulator::Sandboxed>(std::move(stand.in.core), clock_, random_.next());
    }
    return {};
  }

  SandboxLogin login() const {
    return options_.login == "certificate" ? SandboxLogin::certificate : SandboxLogin::secret;
  }

  // A key and a certificate that are there already stay: somebody may rehearse with the own ones.
  Result<std::string> certificate_of(const Stand& stand, const SandboxKeyPair& files) {
    const fs::path key = dir_ / files.key;
    const fs::path certificate = dir_ / files.certificate;
    std::error_code failed;
    if (fs::exists(certificate, failed)) {
      auto text = read_text_file(certificate.string());
      if (!text) return text;
      const std::string problem = net::certificate_problem(*text);
      if (problem.empty()) return text;
      return config_error("The certificate in " + certificate.string() + " " + problem +
                          ". Or delete it with its key: the sandbox then makes new ones.");
    }
    if (fs::exists(key, failed)) {
      return config_error(key.string() + " has no certificate beside it. Put " + certificate.string() +
                          " there, or delete the key: the sandbox then makes both.");
    }
    const net::CertificateTerm term{clock_.now() - hours(1), clock_.now() + days(730)};
    auto made = net::make_self_signed("cosell bridge, sandbox", term);
    if (!made) return made.error();
    if (auto done = write_file(key, made->key_pem.reveal(), 0600); !done) return done.error();
    if (auto done = write_file(certificate, made->certificate_pem, 0644); !done) return done.error();
    notes_.push_back("Made " + key.string() + " and its certificate, registered with " + stand.system->display_name);
    return made->certificate_pem;
  }

  Result<void> register_certificates() {
    if (login() != SandboxLogin::certificate) return {};
    for (const Stand& stand : stands_) {
      const auto& files = stand.system->sandbox_key_pair;
      if (!files) continue;
      auto certificate = certificate_of(stand, *files);
      if (!certificate) return certificate.error();
      stand.in.register_certificate(*certificate);
    }
    return {};
  }

  // The port of last time when records are kept: at another address a store takes the system for another one.
  std::optional<std::int64_t> kept_port(const Stand& stand) const {
    if (!options_.keep || options_.port != 0) return std::nullopt;
    const auto text = read_text_file((dir_ / ports_file).string());
    const auto saved = text ? json::read(*text) : json::read("{}");
    const json::Value* port = saved ? saved->find(stand.state_file()) : nullptr;
    return port == nullptr ? std::nullopt : port->as_integer();
  }

  Result<void> serve() {
    int next = options_.port;
    for (Stand& stand : stands_) {
      const auto kept = kept_port(stand);
      auto server = emulator::Server::start(*stand.sandboxed, kept ? static_cast<int>(*kept) : next);
      if (!server && kept) {
        return config_error("Port " + std::to_string(*kept) + ", which " + stand.system->display_name +
                            " had in this sandbox before, cannot be used now. Free it, or begin in another folder.");
      }
      if (!server) return server.error();
      stand.server = std::move(*server);
      stand.port = stand.server->port();
      if (next != 0) ++next;
    }
    return {};
  }

  const Stand& partner_center_of(const std::string& pair) const {
    return *std::find_if(stands_.begin(), stands_.end(),
                         [&](const Stand& s) { return s.pair == pair && !s.system->is_crm; });
  }

  // The first pair's mapping is "mapping.jsonc"; the others carry their names.
  std::string mapping_name(const std::string& pair) const {
    return pair == stands_.front().pair ? "mapping.jsonc" : "mapping-" + pair + ".jsonc";
  }

  std::string clock_url() const { return stands_.front().server->base_url() + "/_sandbox/clock"; }

  Result<void> write_mapping(const Stand& stand) {
    const fs::path file = dir_ / mapping_name(stand.pair);
    std::error_code failed;
    if (fs::exists(file, failed)) return {};  // somebody may be working on it
    const std::string text =
        "// The sandbox's mapping. Change it, then: cosell mapping check --live\n{\n  \"extends\": \"" +
        stand.system->mapping +
        "\",\n"
        "  \"fields\": {\n"
        "    \"location\": { \"constant\": \"1234567\" },\n"
        "    \"consent_contact\": { \"statement\": \"Every customer of the sandbox agreed\", "
        "\"signed_by\": \"The sandbox\", \"date\": \"2026-01-01\" },\n"
        "    \"marketplace_intent\": { \"default\": \"HaveNotDecided\" },\n"
        "    \"notes\": { \"default\": \"Questions to the deal's owner, please.\" }\n"
        "  }\n}\n";
    return write_file(file, text, 0644);
  }

  Result<void> write_configuration() {
    json::Value pairs = json::Value::object();
    for (const Stand& stand : stands_) {
      for (const SandboxFile& file : stand.system->sandbox_secrets()) {
        if (auto done = write_file(dir_ / file.path, file.text, 0600); !done) return done;
      }
      if (!stand.system->is_crm) continue;
      if (auto done = write_mapping(stand); !done) return done;
      Object pair;
      pair.value("crm", stand.system->sandbox_part(stand.server->base_url(), login()));
      const Stand& other = partner_center_of(stand.pair);
      pair.value("partner_center", other.system->sandbox_part(other.server->base_url(), login()));
      pair.text("mapping", mapping_name(stand.pair)).text("store", "state/" + stand.pair + ".db");
      pair.value("registration", Object().text("rates", rates_name).done());
      pairs.set(stand.pair, pair.done());
    }
    if (auto done = write_file(dir_ / rates_name, rates_text, 0644); !done) return done;
    const fs::path key = dir_ / "secrets/tokens_key";
    std::error_code failed;
    if (!fs::exists(key, failed)) {
      const std::string secret = random_.uuid() + random_.uuid() + "\n";
      if (auto done = write_file(key, secret, 0600); !done) return done;
    }
    json::Value config =
        Object()
            .value("pairs", std::move(pairs))
            .value("tokens", Object().text("file", "state/tokens").text("key", "file:secrets/tokens_key").done())
            .value("sandbox", Object().text("clock", clock_url()).done())
            .done();
    return write_file(dir_ / "cosell.jsonc", json::write_pretty(config) + "\n", 0644);
  }

  void tell() {
    const std::string config = (dir_ / "cosell.jsonc").string();
    if (output_.options().json) {
      json::Value notes = json::Value::array();
      for (const std::string& note : notes_) notes.append(json::Value::string(text::trim(note)));
      json::Value pairs = json::Value::object();
      for (const Stand& stand : stands_) {
        if (!stand.system->is_crm) continue;
        pairs.set(stand.pair, Object()
                                  .value("crm", json_of(stand))
                                  .value("partner_center", json_of(partner_center_of(stand.pair)))
                                  .done());
      }
      output_.answer(json::write(Object()
                                     .flag("ready", true)
                                     .text("config", config)
                                     .text("clock", clock_url())
                                     .value("pairs", std::move(pairs))
                                     .value("notes", std::move(notes))
                                     .done()));
      return;
    }
    for (const std::string& note : notes_) output_.note(note);
    std::vector<std::string> servers;
    for (const Stand& stand : stands_) servers.push_back(stand.system->display_name + " " + stand.server->base_url());
    output_.answer("Sandbox ready: " + text::join(servers, ", ") + "; try: cosell check --config " + config);
  }

  static json::Value json_of(const Stand& stand) {
    const std::string url = stand.server->base_url();
    return Object()
        .text("system", stand.system->name)
        .text("base_url", url)
        .text("control_url", url + "/_sandbox")
        .done();
  }

  Output& output_;
  const SandboxOptions& options_;
  SystemClock real_;
  emulator::SandboxClock clock_;
  SystemRandom random_;
  fs::path dir_;
  std::vector<Stand> stands_;
  std::vector<std::string> notes_;
};

int report(Output& output, const Error& error) {
  if (output.options().json) output.answer(json::write(Object().value("error", json_of(error)).done()));
  output.error(error.message);
  return exit_code_of(error.kind);
}

}  // namespace

int run_sandbox(Output& output, const SandboxOptions& options) {
  Sandbox sandbox(output, options);
  if (auto started = sandbox.start(); !started) return report(output, started.error());
  sandbox.wait();
  if (auto stopped = sandbox.stop(); !stopped) return report(output, stopped.error());
  return exit_done;
}

}  // namespace cosell::cli
