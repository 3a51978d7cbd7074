// Reading the configuration: what it means, and what is said about every kind of slip.
#include "cli/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config_texts.h"

namespace cosell::cli {
namespace {

using config_texts::good_config;
using config_texts::with;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> problems_of(const std::string& text) {
  const ReadConfig read = read_config("/etc/cosell/cosell.jsonc", text);
  EXPECT_NE(read.config.has_value(), !read.problems.empty());
  return read.problems;
}

// A configuration whose rates stand in a file of their own with this text.
std::string with_rates_file(const std::string& rates, std::string& path) {
  path = ::testing::TempDir() + "cosell_rates_" + std::to_string(::getpid()) + ".jsonc";
  std::ofstream(path) << rates;
  return with(R"("rules": {)", R"("registration": { "rates": ")" + path + R"(" }, "rules": {)");
}

TEST(Config, TakesRatesFromAFileOfTheirOwn) {  // G-1, M-1
  std::string path;
  const ReadConfig read = read_config(
      "/etc/cosell/cosell.jsonc",
      with_rates_file(R"({ "date": "2026-11", "source": "finance", "usd_per_unit": { "EUR": 1.08 } })", path));
  std::filesystem::remove(path);
  ASSERT_TRUE(read.config) << read.problems.front();
  const RateTable& rates = read.config->find("contoso")->settings.rules.registration.rates;
  EXPECT_EQ(rates.date, "2026-11");
  EXPECT_EQ(rates.source, "finance");
  EXPECT_EQ(rates.usd_per_unit.at("EUR").text, "1.08");
}

TEST(Config, TakesRatesUnderTheNamesThatAmountsHave) {
  std::string path;
  const auto rates_file = [&](const std::string& rates) {
    return with_rates_file(R"({ "date": "2026-11", "source": "finance", "usd_per_unit": )" + rates + " }", path);
  };
  const ReadConfig read = read_config("/etc/cosell/cosell.jsonc", rates_file(R"({ "eur": 1.08 })"));
  ASSERT_TRUE(read.config) << read.problems.front();
  const RateTable& rates = read.config->find("contoso")->settings.rules.registration.rates;
  EXPECT_EQ(rates.usd_per_unit.count("EUR"), 1U);
  std::filesystem::remove(path);
  const auto problems = problems_of(rates_file(R"({ "EUR": 1.08, "eur": 1.1 })"));
  std::filesystem::remove(path);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0], HasSubstr("the rate of \"EUR\" is there twice"));
}

TEST(Config, NamesFileAndLineOfWhatIsWrongInAFileOfRates) {
  std::string path;
  auto problems = problems_of(
      with_rates_file("{ \"date\": \"2026-11\",\n  \"usd_per_unit\": { \"EURO\": 1.08, \"GBP\": -1 } }", path));
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_THAT(problems[0], HasSubstr(path + ":2:"));
  EXPECT_THAT(problems[0], HasSubstr("\"EURO\" is no currency"));
  EXPECT_THAT(problems[1], HasSubstr("above 0"));
  EXPECT_THAT(problems[2], HasSubstr("\"source\" is missing"));
  std::filesystem::remove(path);
  problems = problems_of(with(R"("rules": {)", R"("registration": { "rates": "rates.jsonc" }, "rules": {)"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0], HasSubstr("/etc/cosell/rates.jsonc does not exist"));
  EXPECT_THAT(problems[0], HasSubstr("/etc/cosell/cosell.jsonc:"));
}

// The good configuration with this as its "network".
std::string with_network(const std::string& members) {
  return with("\"tokens\": {", "\"network\": {" + members + "},\n  \"tokens\": {");
}

TEST(Config, ReadsTheNetworkWithPathsBesideTheFile) {
  const ReadConfig read = read_config("/etc/cosell/cosell.jsonc", with_network(R"( "ca_bundle": "company.pem",
    "proxy": "http://proxy.contoso.example:3128", "proxy_user": "cosell", "proxy_password": "file:secrets/proxy" )"));
  ASSERT_TRUE(read.config) << read.problems.front();
  const Network& network = read.config->network;
  EXPECT_EQ(network.ca_bundle, "/etc/cosell/company.pem");
  EXPECT_THAT(network.ca_bundle_at, HasSubstr("/etc/cosell/cosell.jsonc:"));
  EXPECT_EQ(network.proxy, "http://proxy.contoso.example:3128");
  EXPECT_EQ(network.proxy_user, "cosell");
  EXPECT_EQ(network.proxy_password, "file:secrets/proxy");
}

TEST(Config, SaysWhatIsWrongWithTheNetworkAndRepeatsNoPassword) {
  const std::vector<std::pair<std::string, std::string>> slips = {
      {R"("ca_bundel": "a.pem")", "did you mean \"ca_bundle\""},
      {R"("ca_bundle": "")", "must be a file path"},
      {R"("proxy": "proxy.contoso.example:3128")", "with its port, like \"http://proxy.contoso.example:3128\""},
      {R"("proxy": "http://proxy.contoso.example")", "with its port"},
      {R"("proxy": "socks5://proxy.contoso.example:1080")", "with its port"},
      {R"("proxy": "http://cosell:hush-4711@proxy.contoso.example:3128")", "must not hold a login"},
      {R"("proxy": "http://p.example:1", "proxy_user": "cosell")", "\"proxy_password\" is missing"},
      {R"("proxy_user": "cosell", "proxy_password": "env:P")", "\"proxy\" is missing"},
      {R"("proxy": "http://p.example:1", "proxy_user": "cosell", "proxy_password": "hush-4711")",
       "never the password"}};
  for (const auto& [members, words] : slips) {
    const auto problems = problems_of(with_network(members));
    ASSERT_EQ(problems.size(), 1U) << members;
    EXPECT_THAT(problems[0], HasSubstr(words)) << members;
    EXPECT_EQ(problems[0].find("hush"), std::string::npos) << problems[0];
  }
}

TEST(Config, OverridesClocksAndFiguresOfTheRules) {  // L-10
  const ReadConfig read = read_config("/etc/cosell/cosell.jsonc",
                                      with(R"("rules": {)", R"("rules": { "date": "2027-01", "source": "the new guide",
          "least_value_usd": 30000, "clocks": { "partner_answers": "10d", "won_after": "96h" },)"));
  ASSERT_TRUE(read.config) << read.problems.front();
  const RulePack& rules = read.config->find("contoso")->settings.rules;
  EXPECT_EQ(rules.id, "2027-01");
  EXPECT_EQ(rules.source, "the new guide");
  EXPECT_EQ(rules.registration.least_value_usd, 30'000);
  EXPECT_EQ(rules.clocks.partner_answers, days(10));
  EXPECT_EQ(rules.clocks.won_after, hours(96));
  EXPECT_EQ(rules.clocks.register_within, days(60));
  const auto problems = problems_of(
      with(R"("rules": {)",
           R"("rules": { "least_value_usd": "much", "clocks": { "won_afer": "96h", "register_within": 60 },)"));
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_THAT(problems[1], HasSubstr("did you mean \"won_after\""));
  EXPECT_THAT(problems[2], HasSubstr("must be a duration"));
}

TEST(Config, GivesWhatTheFileSays) {
  const ReadConfig read = read_config("/etc/cosell/cosell.jsonc", good_config);
  ASSERT_TRUE(read.config) << read.problems.front();
  const PairConfig* pair = read.config->find("contoso");
  ASSERT_NE(pair, nullptr);
  EXPECT_EQ(pair->crm_system, "salesforce");
  EXPECT_EQ(pair->mapping, "/etc/cosell/contoso.jsonc");
  EXPECT_EQ(pair->store, "/etc/cosell/state/contoso.db");
  EXPECT_EQ(read.config->tokens_file, "/etc/cosell/state/tokens");
  EXPECT_EQ(pair->settings.settle, minutes(30));
  EXPECT_EQ(pair->settings.gate(Irreversible::won), engine::Gate::ask);
  EXPECT_EQ(pair->settings.gate(Irreversible::lost), engine::Gate::automatic);
  EXPECT_EQ(pair->settings.in_flight.at(store::Side::partner_center), 8);
  EXPECT_EQ(pair->calls.at(store::Side::crm).per_day, 10000);
  EXPECT_EQ(pair->calls.at(store::Side::crm).per_minute, 600);
  EXPECT_EQ(pair->calls.at(store::Side::crm).reserve_percent, 10);
  EXPECT_EQ(pair->calls.count(store::Side::partner_center), 0U);
  EXPECT_EQ(pair->settings.closings.deals, 3);
  EXPECT_DOUBLE_EQ(pair->settings.closings.share, 0.5);
  EXPECT_FALSE(pair->settings.rules.notes_required);
  EXPECT_TRUE(pair->settings.rules.team_required);
  EXPECT_FALSE(pair->on_this_machine);
}

TEST(Config, ClosingAsCreatedInErrorIsOffUntilItIsSwitchedOn) {  // L-8
  const auto gate = [](const std::string& text) {
    return read_config("/etc/cosell/cosell.jsonc", text).config->find("contoso")->settings.gate(Irreversible::error);
  };
  EXPECT_EQ(gate(good_config), engine::Gate::never);
  EXPECT_EQ(gate(with(R"("won": "ask")", R"("error": "ask")")), engine::Gate::ask);
}

TEST(Config, SaysWhatBecomesOfADealThatIsWonTooSoon) {  // G-3
  const auto early = [](const std::string& how) {
    return read_config("/etc/cosell/cosell.jsonc",
                       with(R"("rules": {)", R"("registration": { "early_won": ")" + how + R"(" }, "rules": {)"));
  };
  EXPECT_EQ(early("warn").config->find("contoso")->settings.early_won, engine::EarlyWon::warn);
  EXPECT_EQ(early("send").config->find("contoso")->settings.early_won, engine::EarlyWon::send);
  ASSERT_EQ(early("wait").problems.size(), 1U);
  EXPECT_THAT(early("wait").problems.front(), HasSubstr(R"("hold", "warn" or "send")"));
}

TEST(Config, TakesTheLastDayOfAClientSecretOnlyAsADateBesideTheSecret) {
  const auto told = [](const std::string& more) {
    return problems_of(with(R"("client_id": "app")", R"("client_id": "app", )" + more));
  };
  const std::string secret = R"("client_secret": "env:SECRET", )";
  EXPECT_TRUE(told(secret + R"("client_secret_expires": "2027-01-31")").empty());
  const std::string expected = R"(must be the day on which "client_secret" expires, such as "2027-01-31")";
  EXPECT_THAT(told(secret + R"("client_secret_expires": "2027-02-30")"),
              ElementsAre(::testing::AllOf(HasSubstr("cosell.jsonc:12:"), HasSubstr(expected))));
  EXPECT_THAT(told(secret + R"("client_secret_expires": 2027)"), ElementsAre(HasSubstr(expected)));
  EXPECT_THAT(told(R"("client_secret_expires": "2027-01-31")"),
              ElementsAre(HasSubstr(R"("client_secret_expires" needs a "client_secret" beside it)")));
  EXPECT_THAT(told(secret + R"("client_secret_expire": "2027-01-31")"),
              ElementsAre(HasSubstr(R"(did you mean "client_secret_expires"?)")));
}

TEST(Config, NamesTheLineTheColumnAndTheNearestNameOfASlip) {
  EXPECT_THAT(
      problems_of(with("\"mapping\"", "\"maping\"")),
      ElementsAre(HasSubstr("cosell.jsonc:15:7: unknown name \"maping\""), HasSubstr("\"mapping\" is missing")));
}

TEST(Config, ASlipInsideAConnectorsPartIsPlacedToo) {
  EXPECT_THAT(
      problems_of(with("\"page_size\"", "\"pagesize\"")),
      ElementsAre(::testing::AllOf(HasSubstr("cosell.jsonc:9:23: "), HasSubstr("did you mean \"page_size\"?"))));
  EXPECT_THAT(problems_of(with("\"flow\": \"client_credentials\"", "\"flow\": \"client_credential\"")),
              ElementsAre(::testing::AllOf(HasSubstr("cosell.jsonc:8:28: "),
                                           HasSubstr("did you mean \"client_credentials\"?"))));
}

TEST(Config, AnUnknownSystemIsToldWithTheNearestOne) {
  EXPECT_THAT(problems_of(with("\"salesforce\"", "\"saleforce\"")),
              ElementsAre(::testing::AllOf(HasSubstr(":6:19: "), HasSubstr("did you mean \"salesforce\"?"))));
}

TEST(Config, TellsEveryProblemAtOnce) {
  const auto problems = problems_of(
      R"({ "pairs": { "a b": { "crm": 5, "store": 7, "irreversible": { "won": "maybe", "settle": "soon" } } }, "tokens": {} })");
  EXPECT_THAT(problems, ::testing::IsSupersetOf(
                            {HasSubstr("a pair's name has letters"), HasSubstr("\"crm\" must be an object"),
                             HasSubstr("\"store\" must be a file path"), HasSubstr("\"won\" must be \"auto\""),
                             HasSubstr("\"settle\" must be a duration"), HasSubstr("\"file\" is missing"),
                             HasSubstr("\"partner_center\" is missing")}));
}

TEST(Config, PlainHttpLeadsOnlyToThisMachine) {
  EXPECT_THAT(problems_of(with("https://contoso.my.salesforce.com", "http://contoso.my.salesforce.com")),
              ElementsAre(HasSubstr("https")));
  const ReadConfig read = read_config("c.jsonc", with("https://contoso.my.salesforce.com", "http://127.0.0.1:8080"));
  ASSERT_TRUE(read.config) << read.problems.front();
  EXPECT_FALSE(read.config->pairs.front().on_this_machine) << "Partner Center is still elsewhere";
}

TEST(Config, ALoginServiceElsewhereIsNotOnThisMachine) {
  std::string text = with("https://contoso.my.salesforce.com", "http://127.0.0.1:8080");
  text =
      text::replace_all(text, "\"partner_center\": {\n", "\"partner_center\": { \"url\": \"http://127.0.0.1:8081\",\n");
  ReadConfig read = read_config("c.jsonc", text);
  ASSERT_TRUE(read.config) << read.problems.front();
  EXPECT_TRUE(read.config->pairs.front().on_this_machine);
  text = text::replace_all(text, "\"tenant\"",
                           "\"token_url\": \"https://login.microsoftonline.com/x/oauth2/v2.0/token\", \"tenant\"");
  read = read_config("c.jsonc", text);
  ASSERT_TRUE(read.config) << read.problems.front();
  EXPECT_FALSE(read.config->pairs.front().on_this_machine);
}

TEST(Config, ASecretItselfIsRefusedAndNotRepeated) {
  const auto problems = problems_of(with("env:SECRET", "hunter2-very-secret"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems.front(), HasSubstr("never the secret itself"));
  EXPECT_EQ(problems.front().find("hunter2"), std::string::npos);
}

TEST(Config, TwoPairsNeverShareAStore) {
  std::string second = good_config.substr(good_config.find("\"contoso\""));
  second = second.substr(0, second.find("\n    }\n") + 6);
  const std::string text =
      with("\"contoso\": {", text::replace_all(second, "\"contoso\"", "\"fabrikam\"") + ",\n    \"contoso\": {");
  EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("name the same store")));
}

TEST(Config, BrokenJsonIsToldWithItsPlace) {
  EXPECT_THAT(problems_of("{ \"pairs\": { \n  oops"), ElementsAre(HasSubstr("cosell.jsonc:2:")));
  EXPECT_THAT(problems_of("{ \"pairs\": {}, \"pairs\": {} }"), ElementsAre(HasSubstr("duplicate key")));
  EXPECT_THAT(problems_of("[]"), ElementsAre(HasSubstr("must be an object")));
}

TEST(Config, TheSandboxClockIsOnThisMachine) {
  EXPECT_THAT(problems_of(with("\"tokens\"", "\"sandbox\": { \"clock\": \"http://clock.example/now\" }, \"tokens\"")),
              ElementsAre(HasSubstr("must be an address on this machine")));
}

TEST(ConfigFile, BelowEtcKeepsItsStateWhereAServiceMayWrite) {
  EXPECT_EQ(state_folder_for("/etc/cosell"), "/var/lib/cosell/");
  EXPECT_EQ(state_folder_for("/etc/cosell/../cosell/"), "/var/lib/cosell/");
  for (const char* elsewhere : {"config", "/srv/etc/cosell", "/etcetera/cosell", "/etc/../srv/cosell"}) {
    EXPECT_EQ(state_folder_for(elsewhere), "../state/") << elsewhere;
  }
}

}  // namespace
}  // namespace cosell::cli
