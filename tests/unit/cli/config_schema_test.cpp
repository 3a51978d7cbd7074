// The schema beside the configuration and the program that reads it say the same, for good files and for bad ones.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "cli/config.h"
#include "config_texts.h"
#include "connectors/registry.h"

namespace cosell::cli {
namespace {

using config_texts::good_config;
using config_texts::with;

std::string text_of(const std::string& path) {
  std::ifstream in(std::string(SOURCE_DIR) + "/config/" + path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

bool fits_schema(const std::string& text) {
  const auto document = nlohmann::json::parse(text, nullptr, false, true);
  if (document.is_discarded()) return false;
  const auto schema_document = nlohmann::json::parse(text_of("config.schema.json"));
  valijson::Schema schema;
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_document), schema);
  valijson::Validator validator;
  return validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(document), nullptr);
}

void expect_both(const std::string& text, bool good) {
  const ReadConfig read = read_config("/etc/cosell/cosell.jsonc", text);
  EXPECT_EQ(read.config.has_value(), good) << (read.problems.empty() ? text : read.problems.front());
  EXPECT_EQ(fits_schema(text), good) << text;
}

TEST(ConfigSchema, TheSampleIsGood) { expect_both(text_of("cosell.example.jsonc"), true); }

TEST(ConfigSchema, AgreesWithTheReaderOnGoodFiles) {
  expect_both(good_config, true);
  expect_both(with("\"settle\": \"30m\"", "\"settle\": \"0s\""), true);
  expect_both(with("https://contoso.my.salesforce.com", "http://127.0.0.1:4000"), true);
  for (const char* early : {"hold", "warn", "send"}) {  // G-3
    expect_both(
        with(R"("rules": {)", R"("registration": { "early_won": ")" + std::string(early) + R"(" }, "rules": {)"), true);
  }
  expect_both(with(R"("won": "ask")", R"("won": "ask", "error": "ask")"), true);
  expect_both(with("\"tokens\": { \"file\": \"state/tokens\", \"key\": \"env:KEY\" }", "\"sandbox\": {}"), true);
}

TEST(ConfigSchema, AgreesWithTheReaderOnTheNetwork) {
  const auto network = [](const std::string& members) {
    return with("\"tokens\": {", "\"network\": {" + members + "}, \"tokens\": {");
  };
  const std::string proxy = R"("proxy": "http://proxy.contoso.example:3128")";
  for (const std::string& good :
       {std::string(), std::string(R"("ca_bundle": "company.pem")"), proxy, proxy + R"(, "ca_bundle": "/a/b.pem")",
        std::string(R"("proxy": "https://10.0.0.1:8443/")"),
        proxy + R"(, "proxy_user": "cosell", "proxy_password": "file:secrets/proxy")"}) {
    expect_both(network(good), true);
  }
  for (const std::string& bad :
       {std::string(R"("ca_bundle": 1)"), std::string(R"("proxy": "proxy:3128")"),
        std::string(R"("proxy": "http://proxy.contoso.example")"), std::string(R"("proxy": "http://a:b@proxy:3128")"),
        std::string(R"("proxy": "http://proxy:3128/path")"), proxy + R"(, "proxy_user": "cosell")",
        proxy + R"(, "proxy_password": "env:P")", std::string(R"("proxy_user": "a", "proxy_password": "env:P")"),
        proxy + R"(, "proxy_user": "cosell", "proxy_password": "hush")", std::string(R"("ca": "company.pem")")}) {
    expect_both(network(bad), false);
  }
}

TEST(ConfigSchema, AgreesWithTheReaderOnBadFiles) {
  const std::vector<std::pair<std::string, std::string>> slips = {
      {"\"mapping\": \"contoso.jsonc\",", ""},
      {"\"store\"", "\"shop\""},
      {"\"salesforce\"", "\"saleforce\""},
      {"https://contoso.my", "http://contoso.my"},
      {"env:SECRET", "hunter2"},
      {"\"client_secret\": \"env:SECRET\"", "\"username\": \"a\""},
      {"\"flow\": \"client_credentials\", ", ""},
      {"\"page_size\": 500", "\"page_size\": 5"},
      {"\"page_size\": 500", "\"page_sizes\": 500"},
      {"\"tenant\": \"contoso.example\", ", ""},
      {"\"client_id\": \"app\"", "\"client_id\": \"app\", \"client_secret_expires\": \"2027-11-30\""},
      {"\"stage_form\": \"name\"", "\"stage_form\": \"names\""},
      {"\"settle\": \"30m\"", "\"settle\": 30"},
      {"\"won\": \"ask\"", "\"won\": \"maybe\""},
      {"\"won\": \"ask\"", "\"error\": true"},
      {"\"rules\": {", R"("registration": { "early_won": "wait" }, "rules": {)"},
      {"\"partner_center\": 8", "\"partner_center\": 0"},
      {"\"share\": 0.5", "\"share\": 1.5"},
      {"\"deals\": 3", "\"deals\": 3.5"},
      {"\"notes_required\": false", "\"notes_required\": \"no\""},
      {"\"key\": \"env:KEY\"", "\"key\": \"0123456789\""},
      {"\"tokens\": {", "\"token\": {"}};
  for (const auto& slip : slips) {
    SCOPED_TRACE(slip.first + " -> " + slip.second);
    expect_both(with(slip.first, slip.second), false);
  }
}

TEST(ConfigSchema, KnowsEverySystem) {
  for (const std::string& name : crm_names()) {
    const System& crm = *find_system(name);
    for (const SandboxLogin login : {SandboxLogin::secret, SandboxLogin::certificate}) {
      SCOPED_TRACE(name);
      const auto part = [login](const System& s) {
        return json::write(s.sandbox_part("http://127.0.0.1:4000", login));
      };
      expect_both(R"({ "pairs": { "contoso": { "crm": )" + part(crm) + R"(, "partner_center": )" +
                      part(partner_center_system()) + R"(, "mapping": "contoso.jsonc", "store": "contoso.db" } } })",
                  true);
    }
  }
}

// A number that would have no effect is refused, as one that is misspelt.
TEST(ConfigSchema, TakesNoRequestsAtOnceForACrmThatIsSentOneAtATime) {
  for (const std::string& name : crm_names()) {
    const System& crm = *find_system(name);
    const std::string text =
        R"({ "pairs": { "contoso": { "in_flight": { "crm": 8 }, "crm": )" +
        json::write(crm.sandbox_part("http://127.0.0.1:4000", SandboxLogin::secret)) + R"(, "partner_center": )" +
        json::write(partner_center_system().sandbox_part("http://127.0.0.1:4000", SandboxLogin::secret)) +
        R"(, "mapping": "contoso.jsonc", "store": "contoso.db" } } })";
    SCOPED_TRACE(name);
    expect_both(text, !crm.one_at_a_time);
    const ReadConfig read = read_config("/etc/cosell/cosell.jsonc", text);
    if (crm.one_at_a_time && !read.problems.empty()) {
      EXPECT_EQ(read.problems.front(),
                "/etc/cosell/cosell.jsonc:1:49: \"crm\" of \"in_flight\" must be left out: " + crm.display_name +
                    " is sent one request at a time, with many records in each");
    }
  }
}

std::string dynamics365_with(const std::string& login, const std::string& settings) {
  return R"({ "pairs": { "contoso": {
    "crm": { "system": "dynamics365", "url": "https://contoso.crm.dynamics.com", "login": {)" +
         login + R"(}, "settings": {)" + settings + R"(} },
    "partner_center": { "login": { "tenant": "contoso.example", "client_id": "x" } },
    "mapping": "contoso.jsonc", "store": "contoso.db" } } })";
}

TEST(ConfigSchema, AgreesWithTheReaderOnDynamics365) {
  const std::string who = R"("tenant": "contoso.example", "client_id": "x")";
  const std::string secret = who + R"(, "client_secret": "env:SECRET")";
  const std::string certificate = who + R"(, "certificate": "file:a.pem", "certificate_key": "file:a.key")";
  expect_both(dynamics365_with(secret, ""), true);
  expect_both(dynamics365_with(certificate, ""), true);
  expect_both(dynamics365_with(secret, R"("api_version": "9.1", "stage_column": "statuscode", "batch_max": 50,
    "calculated_revenue": "take_over", "closed_records": "reopen", "duplicate_detection": false)"),
              true);
  expect_both(dynamics365_with(secret + R"(, "client_secret_expires": "2027-11-30")", ""), true);
  for (const std::string& login :
       {secret + R"(, "client_secret_expires": "30.11.2027")", secret + R"(, "client_secret_expires": 2027)",
        certificate + R"(, "client_secret_expires": "2027-11-30")", who, who + R"(, "certificate": "file:a.pem")",
        who + R"(, "certificate_key": "file:a.key")", who + R"(, "client_secret": "hunter2")",
        secret + R"(, "flow": "jwt")", std::string(R"("client_id": "x", "client_secret": "env:SECRET")")}) {
    expect_both(dynamics365_with(login, ""), false);
  }
  for (const char* setting :
       {R"("batch_max": 1001)", R"("page_size": 0)", R"("api_version": "v8.2")", R"("closed_records": true)",
        R"("calculated_revenue": "no")", R"("read_overlap": "10m")"}) {
    expect_both(dynamics365_with(secret, setting), false);
  }
}

}  // namespace
}  // namespace cosell::cli
