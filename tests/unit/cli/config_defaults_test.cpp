// What config/config.schema.json says of each setting, and what it says counts without it, is what the program does.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "base/text.h"
#include "cli/config.h"
#include "connectors/dynamics365/dynamics365_settings.h"
#include "connectors/partner_center/partner_center_settings.h"
#include "connectors/registry.h"
#include "connectors/salesforce/salesforce_settings.h"
#include "engine/recheck.h"
#include "net/in_process_transport.h"
#include "tests/unit/net/stopped_clock.h"
#include "tests/unit/net/test_keys.h"

namespace cosell::cli {
namespace {

using Json = nlohmann::json;

const Json& config_schema() {
  static const Json schema = Json::parse(std::ifstream(std::string(SOURCE_DIR) + "/config/config.schema.json"));
  return schema;
}

// What a "$ref" leads to.
const Json& resolved(const Json& schema) {
  if (!schema.contains("$ref")) return schema;
  return config_schema().at(Json::json_pointer(schema.at("$ref").get<std::string>().substr(1)));
}

// Where the default depends on a pilot, its description ends with what counts without one.
const std::string without_a_pilot = "Without it: what cosell check --pilot learned, else ";

std::optional<Json> default_of(const Json& property) {
  if (property.contains("default")) return property.at("default");
  const std::string words = property.value("description", "");
  const auto at = words.find(without_a_pilot);
  if (at == std::string::npos) return std::nullopt;
  const std::string word = words.substr(at + without_a_pilot.size(), words.size() - at - without_a_pilot.size() - 1);
  const Json value = Json::parse(word, nullptr, false);
  return value.is_discarded() ? Json(word) : value;
}

struct Default {
  Json::json_pointer at;
  Json value;
};

void collect_defaults(const Json& schema, const Json::json_pointer& at, std::vector<Default>& out) {
  const Json& object = resolved(schema);
  if (!object.contains("properties")) return;
  for (const auto& item : object.at("properties").items()) {
    if (auto value = default_of(item.value())) {
      out.push_back({at / item.key(), *value});
    } else {
      collect_defaults(item.value(), at / item.key(), out);
    }
  }
}

// Every default below a part of the schema.
std::vector<Default> defaults_below(const std::string& pointer) {
  std::vector<Default> out;
  collect_defaults(config_schema().at(Json::json_pointer(pointer)), Json::json_pointer(), out);
  return out;
}

Json with_default(Json object, const Default& d) {
  object[d.at] = d.value;
  return object;
}

json::Value to_value(const Json& object) { return *json::read(object.dump()); }

PairConfig read_pair(const Json& pair) {
  const ReadConfig read = read_config("/etc/cosell/cosell.jsonc", Json{{"pairs", {{"contoso", pair}}}}.dump());
  EXPECT_TRUE(read.config.has_value()) << (read.problems.empty() ? "" : read.problems.front());
  return read.config ? read.config->pairs.front() : PairConfig();
}

struct Stopped {
  net::InProcessTransport transport;
  net::StoppedClock clock{};
  SeededRandom random{7};
  net::CallMeter meter{};

  explicit Stopped(net::InProcessTransport::Server server) : transport(std::move(server)) {}
  Surroundings surroundings(bool with_login) {
    Surroundings s{"contoso", "/etc/cosell", nullptr, transport, clock, random, meter};
    s.with_login = with_login;
    return s;
  }
};

int in_flight_of(const System& system) {
  Stopped world([](const http::Request&) { return net::Delivered{}; });
  const auto connector =
      system.make(system.sandbox_part("http://127.0.0.1:4000", SandboxLogin::secret), world.surroundings(false));
  EXPECT_TRUE(connector.has_value());
  return connector ? (*connector)->capabilities().in_flight_max : 0;
}

// The settings with what a pair leaves to others: gates one by one, and requests at once to the connectors.
engine::Settings written_out(const PairConfig& pair) {
  engine::Settings settings = pair.settings;
  for (const Irreversible step : irreversible_steps) settings.gates[step] = settings.gate(step);
  settings.in_flight.emplace(store::Side::crm, in_flight_of(*find_system(pair.crm_system)));
  settings.in_flight.emplace(store::Side::partner_center, in_flight_of(partner_center_system()));
  return settings;
}

std::map<store::Side, net::Allowance> calls_of(PairConfig pair) {
  pair.calls[store::Side::crm];
  pair.calls[store::Side::partner_center];
  return pair.calls;
}

TEST(ConfigDefaults, OfAPairAreWhatCountsWithoutThem) {
  const Json none = Json::parse(R"({
    "crm": { "system": "salesforce", "url": "https://contoso.my.salesforce.com",
      "login": { "flow": "client_credentials", "client_id": "key", "client_secret": "env:SECRET" } },
    "partner_center": { "login": { "tenant": "contoso.example", "client_id": "app" } },
    "mapping": "contoso.jsonc", "store": "contoso.db" })");
  const PairConfig without = read_pair(none);
  for (const Default& d : defaults_below("/definitions/pair")) {
    SCOPED_TRACE(d.at.to_string());
    const PairConfig with = read_pair(with_default(none, d));
    const engine::Settings stated = written_out(with);
    const engine::Settings left_out = written_out(without);
    EXPECT_EQ(engine::settings_text(stated), engine::settings_text(left_out));
    EXPECT_TRUE(stated == left_out);
    EXPECT_TRUE(calls_of(with) == calls_of(without));
  }
}

// `least` is what the reader needs in any case.
template <class Read>
void expect_defaults(const std::string& system, const Json& least, const Read& read) {
  const std::string pointer = "/definitions/" + system + "/properties/settings";
  const Json& settings = config_schema().at(Json::json_pointer(pointer)).at("properties");
  for (const auto& item : settings.items()) {
    const std::string words = item.value().at("description").get<std::string>();
    EXPECT_NE(words.find(" Without it"), std::string::npos) << item.key() << ": " << words;
  }
  const auto without = read(least);
  for (const Default& d : defaults_below(pointer)) {
    SCOPED_TRACE(d.at.to_string());
    EXPECT_TRUE(read(with_default(least, d)) == without);
  }
}

template <class Settings>
Settings settings_in(Result<Settings> read) {
  EXPECT_TRUE(read.has_value()) << read.error().message;
  return read ? *std::move(read) : Settings();
}

TEST(ConfigDefaults, OfTheConnectorsAreWhatCountsWithoutThem) {
  expect_defaults("salesforce", {{"instance", "https://contoso.my.salesforce.com"}},
                  [](const Json& object) { return settings_in(read_salesforce_settings(to_value(object))); });
  expect_defaults("dynamics365", {{"instance", "https://contoso.crm.dynamics.com"}}, [](const Json& object) {
    Dynamics365Settings settings = settings_in(read_dynamics365_settings(to_value(object)));
    settings.process_places.clear();  // for messages: where each was written
    return settings;
  });
  expect_defaults("partner_center", Json::object(),
                  [](const Json& object) { return settings_in(read_partner_center_settings(to_value(object))); });
  EXPECT_EQ(config_schema().at("/definitions/partner_center/properties/url/default"_json_pointer),
            PartnerCenterSettings().base_url);
}

// What is sent to log in, without the signature, which differs each time.
std::string login_sent(const System& system, const Json& part) {
  std::string sent;
  Stopped world([&sent](const http::Request& request) {
    if (sent.empty()) sent = request.body;
    return net::Delivered{net::Delivered::Kind::response, {400, {}, R"({"error":"invalid_client"})"}};
  });
  const auto connector = system.make(to_value(part), world.surroundings(true));
  EXPECT_TRUE(connector.has_value()) << connector.error().message;
  if (!connector) return "";
  Call call{world.transport, world.clock, world.random, world.meter, "crm"};
  (void)(*connector)->check(call, {}, {});
  const std::size_t assertion = sent.rfind("assertion=");
  if (assertion == std::string::npos) return sent;
  const std::size_t end = std::min(sent.find('&', assertion), sent.size());
  const std::size_t signature = sent.rfind('.', end);
  return sent.erase(signature, end - signature);
}

TEST(ConfigDefaults, OfALoginAreWhatCountsWithoutThem) {
  setenv("COSELL_TEST_KEY", net::testing::kRfc7515Key.c_str(), 1);
  setenv("COSELL_TEST_CERTIFICATE", net::testing::kCertificate.c_str(), 1);
  for (const System& system : systems()) {
    SCOPED_TRACE(system.name);
    Json part = Json::parse(json::write(system.sandbox_part("http://127.0.0.1:4000", SandboxLogin::certificate)));
    for (const auto& item : part.at("login").items()) {
      const bool named = item.value().is_string() && text::starts_with(item.value().get<std::string>(), "file:");
      if (named) item.value() = item.key() == "certificate" ? "env:COSELL_TEST_CERTIFICATE" : "env:COSELL_TEST_KEY";
    }
    for (const Default& d : defaults_below("/definitions/" + system.name + "/properties/login")) {
      SCOPED_TRACE(d.at.to_string());
      part.at("login").erase(d.at.back());
      Json with = part;
      with["login"][d.at] = d.value;
      const std::string sent = login_sent(system, part);
      EXPECT_FALSE(sent.empty());
      EXPECT_EQ(login_sent(system, with), sent);
    }
  }
  unsetenv("COSELL_TEST_KEY");
  unsetenv("COSELL_TEST_CERTIFICATE");
}

// "auto", 5, "deals 25, share 0.2"
std::string as_told(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_structured()) return value.dump();
  std::vector<std::string> parts;
  for (const auto& item : value.items()) {
    parts.push_back((value.is_object() ? item.key() + " " : "") + as_told(item.value()));
  }
  return text::join(parts, ", ");
}

void expect_described(const Json& schema, const std::string& where) {
  if (schema.is_object() && schema.contains("properties")) {
    for (const auto& item : schema.at("properties").items()) {
      SCOPED_TRACE(where + "/" + item.key());
      const std::string words = item.value().value("description", "");
      EXPECT_TRUE(text::ends_with(words, ".")) << words;
      // Editors show the words, and the default only while they complete.
      if (item.value().contains("default")) {
        EXPECT_TRUE(text::ends_with(words, " Without it: " + as_told(item.value().at("default")) + ".")) << words;
      }
    }
  }
  if (!schema.is_structured()) return;
  for (const auto& item : schema.items()) {
    const bool condition = item.key() == "if" || item.key() == "then";
    if (!condition && item.key() != "default") expect_described(item.value(), where + "/" + item.key());
  }
}

TEST(ConfigSchema, SaysOfEverySettingWhatItDoes) { expect_described(config_schema(), ""); }

// Some editors put the words of a definition in the place of those at its use, others do not.
TEST(ConfigSchema, SaysItAtTheSettingAndNotAtWhatSeveralShare) {
  for (const auto& item : config_schema().at("definitions").items()) {
    EXPECT_FALSE(item.value().contains("description") || item.value().contains("default")) << item.key();
  }
}

}  // namespace
}  // namespace cosell::cli
