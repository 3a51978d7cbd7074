// Reads the configuration: every name is known, every value is checked where it stands, and all problems are told at
// once.
#include "cli/config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <utility>

#include "base/text.h"
#include "connectors/registry.h"
#include "net/http.h"

namespace cosell::cli {

namespace {

namespace fs = std::filesystem;

std::string upper_ascii(std::string s) {
  for (char& c : s) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return s;
}

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {
    config_.file = file_;
    const fs::path dir = fs::absolute(fs::path(file_)).parent_path();
    config_.base_dir = dir.lexically_normal().string();
  }

  ReadConfig read(std::string_view text);

 private:
  using Member = std::function<void(const json::Value&)>;
  using Members = std::map<std::string, Member>;

  void problem(json::Position at, const std::string& message) {
    problems_.push_back(file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + message);
  }
  // Errors of connectors begin with "line:column: ".
  void problem(const Error& error) { problems_.push_back(file_ + ":" + error.message); }
  void members(const json::Value& object, const std::string& what, const Members& known,
               const std::vector<std::string>& required = {});
  std::string unknown(const std::string& word, const std::vector<std::string>& known) const;

  std::string text_of(const json::Value& v, const std::string& name, const std::string& expected);
  std::string path_of(const json::Value& v, const std::string& name);
  std::string secret_of(const json::Value& v, const std::string& name, const std::string& what);
  void duration(const json::Value& v, const std::string& name, Duration& out);
  void flag(const json::Value& v, const std::string& name, bool& out);
  void in_flight(const json::Value& v, const std::string& name, int& out);
  void allowance(const json::Value& v, const std::string& name, net::Allowance& out);

  void pair(const json::Member& m);
  void crm(const json::Value& v, PairConfig& pair);
  void irreversible(const json::Value& v, engine::Settings& out);
  void gate(const json::Value& v, const std::string& name, Irreversible step, engine::Settings& out);
  void guards(const json::Value& v, engine::Settings& out);
  void guard(const json::Value& v, const std::string& name, engine::MassChangeGuard& out);
  void rules(const json::Value& v, RulePack& out);
  void registration(const json::Value& v, engine::Settings& out);
  void clocks(const json::Value& v, Clocks& out);
  void rates(const json::Value& v, RateTable& out);
  void rates_file(const json::Value& v, RateTable& out);
  void tokens(const json::Value& v);
  void network(const json::Value& v);
  void proxy(const json::Value& v);
  void sandbox(const json::Value& v);
  void different_stores();

  std::string file_;
  Config config_;
  std::vector<std::string> problems_;
};

std::string Reader::unknown(const std::string& word, const std::vector<std::string>& known) const {
  const std::string near = text::nearest(word, known);
  return near.empty() ? "known are " + text::join(known, ", ") : "did you mean \"" + near + "\"?";
}

void Reader::members(const json::Value& object, const std::string& what, const Members& known,
                     const std::vector<std::string>& required) {
  if (!object.is_object()) {
    problem(object.at(), what + " must be an object { … }");
    return;
  }
  std::vector<std::string> names;
  for (const auto& entry : known) names.push_back(entry.first);
  for (const json::Member& m : object.members()) {
    const auto it = known.find(m.key);
    if (it == known.end()) {
      problem(m.at, "unknown name \"" + m.key + "\" in " + what + "; " + unknown(m.key, names));
    } else {
      it->second(m.value);
    }
  }
  for (const std::string& name : required) {
    if (object.find(name) == nullptr) problem(object.at(), "\"" + name + "\" is missing in " + what);
  }
}

std::string Reader::text_of(const json::Value& v, const std::string& name, const std::string& expected) {
  if (v.is_string() && !text::trim(v.text()).empty()) return text::trim(v.text());
  problem(v.at(), "\"" + name + "\" must be " + expected);
  return "";
}

std::string Reader::path_of(const json::Value& v, const std::string& name) {
  const std::string written = text_of(v, name, "a file path");
  if (written.empty()) return "";
  const fs::path path(written);
  return (path.is_absolute() ? path : fs::path(config_.base_dir) / path).lexically_normal().string();
}

std::string Reader::secret_of(const json::Value& v, const std::string& name, const std::string& what) {
  const std::string kinds = "where " + what + " is: \"file:PATH\", \"env:NAME\" or \"credential:NAME\"";
  const std::string written = text_of(v, name, kinds);
  const bool named = text::starts_with(written, "file:") || text::starts_with(written, "env:") ||
                     text::starts_with(written, "credential:");
  if (!written.empty() && !named) problem(v.at(), "\"" + name + "\" must say " + kinds + ", never " + what);
  return written;
}

void Reader::duration(const json::Value& v, const std::string& name, Duration& out) {
  const auto d = v.is_string() ? parse_duration(v.text()) : std::nullopt;
  if (!d) return problem(v.at(), "\"" + name + "\" must be a duration such as \"90s\", \"60m\", \"2h\" or \"3d\"");
  out = *d;
}

void Reader::flag(const json::Value& v, const std::string& name, bool& out) {
  if (!v.is_bool()) return problem(v.at(), "\"" + name + "\" must be true or false");
  out = v.as_bool();
}

void Reader::in_flight(const json::Value& v, const std::string& name, int& out) {
  const auto n = v.as_integer();
  if (!n || *n < 1 || *n > 64) return problem(v.at(), "\"" + name + "\" must be a whole number from 1 to 64");
  out = static_cast<int>(*n);
}

void Reader::allowance(const json::Value& v, const std::string& name, net::Allowance& out) {
  const auto whole = [this](const json::Value& x, const std::string& what, std::int64_t least, std::int64_t most) {
    const auto n = x.as_integer();
    if (n && *n >= least && *n <= most) return n;
    problem(x.at(),
            "\"" + what + "\" must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::optional<std::int64_t>();
  };
  Members known;
  known["per_day"] = [&](const json::Value& x) { out.per_day = whole(x, "per_day", 1, 100'000'000); };
  known["per_minute"] = [&](const json::Value& x) {
    if (const auto n = whole(x, "per_minute", 1, 60'000)) out.per_minute = static_cast<int>(*n);
  };
  known["reserve_percent"] = [&](const json::Value& x) {
    if (const auto n = whole(x, "reserve_percent", 0, 90)) out.reserve_percent = static_cast<int>(*n);
  };
  members(v, "\"" + name + "\"", known);
}

void Reader::gate(const json::Value& v, const std::string& name, Irreversible step, engine::Settings& out) {
  const std::vector<std::string> known = {"auto", "ask", "never"};
  const auto it = std::find(known.begin(), known.end(), v.text());
  if (!v.is_string() || it == known.end()) {
    const std::string near = v.is_string() ? text::nearest(v.text(), known) : "";
    return problem(v.at(), "\"" + name + "\" must be \"auto\", \"ask\" or \"never\"" +
                               (near.empty() ? "" : "; did you mean " + near + "?"));
  }
  out.gates[step] = static_cast<engine::Gate>(it - known.begin());
}

void Reader::irreversible(const json::Value& v, engine::Settings& out) {
  Members known;
  known["settle"] = [&](const json::Value& x) { duration(x, "settle", out.settle); };
  for (const Irreversible step : irreversible_steps) {
    const std::string name = name_of(step);
    known[name] = [this, name, step, &out](const json::Value& x) { gate(x, name, step, out); };
  }
  members(v, "\"irreversible\"", known);
}

void Reader::guard(const json::Value& v, const std::string& name, engine::MassChangeGuard& out) {
  Members known;
  known["share"] = [&](const json::Value& x) {
    const auto number = x.is_number() ? parse_number(x.text()) : std::nullopt;
    const double share = number ? std::strtod(number->text.c_str(), nullptr) : -1.0;
    if (share < 0.0 || share > 1.0) return problem(x.at(), "\"share\" must be a number from 0 to 1, such as 0.2");
    out.share = share;
  };
  known["deals"] = [&](const json::Value& x) {
    const auto n = x.as_integer();
    if (!n || *n < 0 || *n > 1'000'000) return problem(x.at(), "\"deals\" must be a whole number from 0 on");
    out.deals = static_cast<int>(*n);
  };
  members(v, "\"" + name + "\"", known);
}

void Reader::guards(const json::Value& v, engine::Settings& out) {
  Members known;
  known["closings"] = [&](const json::Value& x) { guard(x, "closings", out.closings); };
  known["sharings"] = [&](const json::Value& x) { guard(x, "sharings", out.sharings); };
  known["creates"] = [&](const json::Value& x) { guard(x, "creates", out.creates); };
  known["deletions"] = [&](const json::Value& x) { guard(x, "deletions", out.deletions); };
  known["first_sync"] = [&](const json::Value& x) { guard(x, "first_sync", out.first_sync); };
  members(v, "\"guards\"", known);
}

void Reader::rules(const json::Value& v, RulePack& out) {
  Members known;
  const auto add = [&](const std::string& name, bool& target) {
    known[name] = [this, name, &target](const json::Value& x) { flag(x, name, target); };
  };
  add("notes_required", out.notes_required);
  add("marketplace_intent_required", out.marketplace_intent_required);
  add("team_required", out.team_required);
  add("solution_required", out.solution_required);
  add("location_required", out.location_required);
  known["date"] = [&](const json::Value& x) { out.id = text_of(x, "date", "the month of the rules, \"2026-11\""); };
  known["source"] = [&](const json::Value& x) { out.source = text_of(x, "source", "where the rules were published"); };
  known["clocks"] = [&](const json::Value& x) { clocks(x, out.clocks); };
  known["least_value_usd"] = [&](const json::Value& x) {
    const auto n = x.as_integer();
    if (!n || *n < 0 || *n > 1'000'000'000) {
      return problem(x.at(), "\"least_value_usd\" must be a whole number of US dollars, such as 25000");
    }
    out.registration.least_value_usd = *n;
  };
  members(v, "\"rules\"", known);
}

void Reader::clocks(const json::Value& v, Clocks& out) {
  Members known;
  const auto add = [&](const std::string& name, Duration& target) {
    known[name] = [this, name, &target](const json::Value& x) { duration(x, name, target); };
  };
  add("partner_answers", out.partner_answers);
  add("microsoft_answers", out.microsoft_answers);
  add("won_after", out.won_after);
  add("register_within", out.register_within);
  add("contract_started_within", out.contract_started_within);
  members(v, "\"clocks\"", known);
}

// A table of rates in a file of its own; what is wrong in it is told with that file's lines.
void Reader::rates_file(const json::Value& v, RateTable& out) {
  const std::string path = path_of(v, "rates");
  if (path.empty()) return;
  const auto text = read_text_file(path);
  if (!text) return problem(v.at(), "\"rates\": " + text.error().message);
  const std::string outer = std::exchange(file_, path);
  const auto table = json::read(*text, {.comments = true});
  if (table) {
    rates(*table, out);
  } else {
    problem(table.error().at, table.error().message);
  }
  file_ = outer;
}

// { "date": "2026-11", "source": "where they were published", "usd_per_unit": { "EUR": 1.08 } }
void Reader::rates(const json::Value& v, RateTable& out) {
  Members known;
  known["date"] = [&](const json::Value& x) { out.date = text_of(x, "date", "the month of the rates, \"2026-11\""); };
  known["source"] = [&](const json::Value& x) { out.source = text_of(x, "source", "where the rates were published"); };
  known["usd_per_unit"] = [&](const json::Value& x) {
    if (!x.is_object()) return problem(x.at(), "\"usd_per_unit\" must be an object { \"EUR\": 1.08 }");
    for (const json::Member& m : x.members()) {
      const auto number = m.value.is_number() ? parse_number(m.value.text()) : std::nullopt;
      const bool positive = number && std::strtod(number->text.c_str(), nullptr) > 0;
      const std::string code = upper_ascii(m.key);  // as amounts name it
      if (!currency_exponent(m.key)) problem(m.at, "\"" + m.key + "\" is no currency; an ISO 4217 code such as EUR");
      if (!positive) problem(m.value.at(), "the rate of \"" + m.key + "\" must be a number above 0");
      if (out.usd_per_unit.count(code) > 0) problem(m.at, "the rate of \"" + code + "\" is there twice; keep one");
      if (positive) out.usd_per_unit[code] = *number;
    }
  };
  members(v, "the table of rates", known, {"date", "source", "usd_per_unit"});
}

void Reader::registration(const json::Value& v, engine::Settings& out) {
  Members known;
  known["early_won"] = [&](const json::Value& x) {
    for (const auto how : {engine::EarlyWon::hold, engine::EarlyWon::warn, engine::EarlyWon::send}) {
      if (x.is_string() && x.text() == engine::name_of(how)) {
        out.early_won = how;
        return;
      }
    }
    problem(x.at(), "\"early_won\" must be \"hold\", \"warn\" or \"send\"");
  };
  known["eligible_solutions"] = [&](const json::Value& x) {
    if (!x.is_array()) return problem(x.at(), "\"eligible_solutions\" must be a list of solution ids [\"SOL-…\"]");
    for (const json::Value& id : x.items()) {
      const std::string written = text_of(id, "eligible_solutions", "a list of solution ids [\"SOL-…\"]");
      if (!written.empty()) out.rules.registration.eligible_solutions.insert(written);
    }
  };
  known["rates"] = [&](const json::Value& x) {
    RateTable& table = out.rules.registration.rates;
    if (x.is_string()) return rates_file(x, table);
    rates(x, table);
  };
  members(v, "\"registration\"", known);
}

void Reader::crm(const json::Value& v, PairConfig& pair) {
  if (!v.is_object()) return problem(v.at(), "\"crm\" must be an object { … }");
  const json::Value* system = v.find("system");
  const std::vector<std::string> known = crm_names();
  if (system == nullptr)
    return problem(v.at(), "\"system\" is missing in \"crm\"; known are " + text::join(known, ", "));
  const System* row = system->is_string() ? find_system(system->text()) : nullptr;
  if (row == nullptr || !row->is_crm) {
    return problem(system->at(), "unknown system \"" + system->text() + "\"; " + unknown(system->text(), known));
  }
  pair.crm_system = row->name;
  pair.crm = v;
  if (auto error = row->check(v)) problem(*error);
}

bool leads_elsewhere(const json::Value& part) {
  const auto elsewhere = [](const json::Value* v) {
    if (v == nullptr || !v->is_string()) return false;
    const auto url = http::parse_url(v->text());
    return !url || !http::is_loopback(url->host);
  };
  if (part.find("url") == nullptr) return true;
  return elsewhere(part.find("url")) || elsewhere(part.at_path({"login", "token_url"}));
}

void Reader::pair(const json::Member& m) {
  PairConfig pair;
  pair.name = m.key;
  if (!is_pair_name(m.key)) problem(m.at, pair_name_rule);
  engine::Settings& s = pair.settings;
  std::optional<json::Position> in_flight_crm;
  Members known;
  known["crm"] = [&](const json::Value& v) { crm(v, pair); };
  known["partner_center"] = [&](const json::Value& v) {
    pair.partner_center = v;
    if (auto error = partner_center_system().check(v)) problem(*error);
  };
  known["mapping"] = [&](const json::Value& v) { pair.mapping = path_of(v, "mapping"); };
  known["store"] = [&](const json::Value& v) { pair.store = path_of(v, "store"); };
  known["irreversible"] = [&](const json::Value& v) { irreversible(v, s); };
  known["answers_every"] = [&](const json::Value& v) { duration(v, "answers_every", s.answers_every); };
  known["late_arrival"] = [&](const json::Value& v) { duration(v, "late_arrival", s.late_arrival); };
  known["in_flight"] = [&](const json::Value& v) {
    Members sides;
    for (const auto side : {store::Side::crm, store::Side::partner_center}) {
      const std::string name = store::name_of(side);
      sides[name] = [this, name, side, &s](const json::Value& x) { in_flight(x, name, s.in_flight[side]); };
    }
    members(v, "\"in_flight\"", sides);
    if (const json::Value* crm = v.find("crm")) in_flight_crm = crm->at();
  };
  known["calls"] = [&](const json::Value& v) {
    Members sides;
    for (const auto side : {store::Side::crm, store::Side::partner_center}) {
      const std::string name = store::name_of(side);
      sides[name] = [this, name, side, &pair](const json::Value& x) { allowance(x, name, pair.calls[side]); };
    }
    members(v, "\"calls\"", sides);
  };
  known["guards"] = [&](const json::Value& v) { guards(v, s); };
  known["rules"] = [&](const json::Value& v) { rules(v, s.rules); };
  known["registration"] = [&](const json::Value& v) { registration(v, s); };
  members(m.value, "the pair \"" + m.key + "\"", known, {"crm", "partner_center", "mapping", "store"});
  const System* crm_row = find_system(pair.crm_system);
  if (in_flight_crm && crm_row != nullptr && crm_row->one_at_a_time) {
    problem(*in_flight_crm, "\"crm\" of \"in_flight\" must be left out: " + crm_row->display_name +
                                " is sent one request at a time, with many records in each");
  }
  pair.on_this_machine = !leads_elsewhere(pair.crm) && !leads_elsewhere(pair.partner_center);
  config_.pairs.push_back(std::move(pair));
}

void Reader::tokens(const json::Value& v) {
  Members known;
  known["file"] = [&](const json::Value& x) { config_.tokens_file = path_of(x, "file"); };
  known["key"] = [&](const json::Value& x) { config_.tokens_key = secret_of(x, "key", "the key"); };
  members(v, "\"tokens\"", known, {"file", "key"});
}

// No login stands in the address: secrets are named, and the address is told in messages.
void Reader::proxy(const json::Value& v) {
  const std::string written =
      text_of(v, "proxy", "the address of the proxy, like \"http://proxy.contoso.example:3128\"");
  if (written.empty()) return;
  if (written.find('@') != std::string::npos) {
    return problem(v.at(),
                   "\"proxy\" must not hold a login; write user and password as \"proxy_user\" and \"proxy_password\": "
                   "\"file:PATH\"");
  }
  const auto url = http::parse_url(written);
  // libcurl's own idea of a port that is not written is none that proxies have.
  const bool whole = url && !url->host.empty() && written.find_first_of("?#") == std::string::npos &&
                     (text::ends_with(written, ":" + std::to_string(url->port)) ||
                      text::ends_with(written, ":" + std::to_string(url->port) + "/"));
  if (!whole) {
    return problem(v.at(),
                   "\"proxy\" must be the address of the proxy with its port, like "
                   "\"http://proxy.contoso.example:3128\"");
  }
  config_.network.proxy = written;
}

void Reader::network(const json::Value& v) {
  Network& out = config_.network;
  Members known;
  known["ca_bundle"] = [&](const json::Value& x) {
    out.ca_bundle = path_of(x, "ca_bundle");
    out.ca_bundle_at = file_ + ":" + std::to_string(x.at().line) + ":" + std::to_string(x.at().column);
  };
  known["proxy"] = [&](const json::Value& x) { proxy(x); };
  known["proxy_user"] = [&](const json::Value& x) {
    out.proxy_user = text_of(x, "proxy_user", "the user name for the proxy");
  };
  known["proxy_password"] = [&](const json::Value& x) {
    out.proxy_password = secret_of(x, "proxy_password", "the password");
  };
  const bool login = v.is_object() && (v.find("proxy_user") != nullptr || v.find("proxy_password") != nullptr);
  members(v, "\"network\"", known,
          login ? std::vector<std::string>{"proxy", "proxy_user", "proxy_password"} : std::vector<std::string>{});
}

void Reader::sandbox(const json::Value& v) {
  Members known;
  known["clock"] = [&](const json::Value& x) {
    const auto url = x.is_string() ? http::parse_url(x.text()) : std::nullopt;
    if (!url || !http::is_loopback(url->host)) {
      return problem(x.at(), "\"clock\" must be an address on this machine, like http://127.0.0.1:8080/_sandbox/clock");
    }
    config_.sandbox_clock = x.text();
  };
  members(v, "\"sandbox\"", known);
}

void Reader::different_stores() {
  std::map<std::string, std::string> taken;
  for (const PairConfig& pair : config_.pairs) {
    if (pair.store.empty()) continue;
    const auto [it, fresh] = taken.emplace(pair.store, pair.name);
    if (!fresh) {
      problems_.push_back(file_ + ": the pairs \"" + it->second + "\" and \"" + pair.name +
                          "\" name the same store; each needs its own");
    }
  }
}

ReadConfig Reader::read(std::string_view text) {
  const auto root = json::read(text, {.comments = true});
  if (!root) {
    problem(root.error().at, root.error().message);
    return {std::nullopt, problems_};
  }
  Members known;
  known["$schema"] = [&](const json::Value& v) { text_of(v, "$schema", "the path of the schema"); };
  known["pairs"] = [&](const json::Value& v) {
    if (!v.is_object() || v.members().empty()) {
      return problem(v.at(), "\"pairs\" must be an object with at least one pair, { \"contoso\": { … } }");
    }
    for (const json::Member& m : v.members()) pair(m);
  };
  known["tokens"] = [&](const json::Value& v) { tokens(v); };
  known["network"] = [&](const json::Value& v) { network(v); };
  known["sandbox"] = [&](const json::Value& v) { sandbox(v); };
  members(*root, "the configuration", known, {"pairs"});
  different_stores();
  if (!problems_.empty()) return {std::nullopt, problems_};
  return {std::move(config_), {}};
}

}  // namespace

const PairConfig* Config::find(const std::string& name) const {
  for (const PairConfig& pair : pairs) {
    if (pair.name == name) return &pair;
  }
  return nullptr;
}

std::vector<std::string> Config::names() const {
  std::vector<std::string> out;
  for (const PairConfig& pair : pairs) out.push_back(pair.name);
  return out;
}

bool is_pair_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789-_.") == std::string_view::npos;
}

ReadConfig read_config(const std::string& file, std::string_view text) { return Reader(file).read(text); }

std::string state_folder_for(const std::string& config_dir) {
  std::error_code failed;
  const std::string folder = fs::absolute(config_dir, failed).lexically_normal().string() + "/";
  return !failed && text::starts_with(folder, "/etc/") ? "/var/lib/cosell/" : "../state/";
}

Result<std::string> read_text_file(const std::string& path) {
  std::error_code failed;
  if (fs::is_directory(path, failed)) return make_error(ErrorClass::config, path + " is a folder, not a file.");
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const bool there = fs::exists(path, failed);
    return make_error(ErrorClass::config, there ? path + " cannot be read: no permission." : path + " does not exist.");
  }
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

Result<std::string> find_config(const std::string& named) {
  if (!named.empty()) return named;
  std::error_code failed;
  const std::string here = "config/cosell.jsonc";
  if (fs::exists(here, failed)) return here;
  const auto set = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  std::string there = set("XDG_CONFIG_HOME");
  if (there.empty() && !set("HOME").empty()) there = set("HOME") + "/.config";
  if (!there.empty()) there += "/cosell/cosell.jsonc";
  if (!there.empty() && fs::exists(there, failed)) return there;
  // Whoever may not look there is told so.
  const std::string of_the_service = "/etc/cosell/cosell.jsonc";
  const bool is_there = fs::exists(of_the_service, failed) || failed == std::errc::permission_denied;
  if (is_there) return of_the_service;
  return make_error(ErrorClass::config, "There is no configuration: neither " + here +
                                            (there.empty() ? "" : ", " + there) + " nor " + of_the_service +
                                            ". Name one with --config FILE, or begin with: cosell init");
}

}  // namespace cosell::cli
