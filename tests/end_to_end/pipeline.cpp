// Generating, loading and checking the pipeline. See pipeline.h.
#include "pipeline.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <random>
#include <set>

#include "crm.h"

namespace cosell::end_to_end {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

struct Company {
  const char* name;
  const char* country;  // as the export spells it
  const char* code;     // "" when the spelling cannot be understood
};

constexpr std::array<Company, 12> companies = {{{"Acme Corporation", "United States", "US"},
                                                {"Bäckerei \"Zum Löwen\", Köln", "Germany", "DE"},
                                                {"Müller & Söhne GmbH", "germany", "DE"},
                                                {"Ångström, Øst & Co.", "Norway", "NO"},
                                                {"Cañón del Río S.A.", "Spain", "ES"},
                                                {"O'Hara <Systems>; \"Ltd\"", "IE", "IE"},
                                                {"Dontechi", "Kenya", "KE"},
                                                {"東京電機", "Japan", "JP"},
                                                {"Manila Freight", "Philipines", "PH"},
                                                {"Hottechi", "Belgium", "BE"},
                                                {"Nordlicht AG", "Grmany", ""},
                                                {"Zażółć Sp. z o.o.", "Poland", "PL"}}};

struct Product {
  const char* name;
  double price;
};
constexpr std::array<Product, 6> products = {
    {{"GTX Basic", 550}, {"GTX Pro", 4821}, {"GTXPro", 4821}, {"MG Special", 55.25}, {"GTK 500", 26768}, {"Demo", 0}}};

constexpr std::array<const char*, 5> agents = {"Moses Frase", "Zoë Brontë", "Jürgen Groß", "Ann O'Neil", "Darcel Li"};

std::string iso(sys_days day) {
  const std::chrono::year_month_day d(day);
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(d.year()),
                static_cast<unsigned>(d.month()), static_cast<unsigned>(d.day()));
  return text.data();
}

sys_days day_from(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  std::sscanf(text.c_str(), "%d-%u-%u", &year, &month, &day);
  return sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day));
}

std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n;") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

// Draws that are the same with every compiler and library.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  unsigned below(std::size_t n) { return static_cast<unsigned>(engine_() % n); }
  bool percent(unsigned p) { return below(100) < p; }

 private:
  std::mt19937 engine_;
};

std::string title_of(int number, Dice& dice) {
  static const std::array<const char*, 5> shapes = {"Deal", "Große Lösung,", "\"Phase 2\"", "Été; hiver", "Überholung"};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s %05d", shapes[dice.below(shapes.size())], number);
  return text.data();
}

void close(Row& row, sys_days today, Dice& dice) {
  row.closed = iso(today - days(1 + dice.below(300)));
  row.engaged = iso(day_from(row.closed) - days(10 + dice.below(100)));
  row.value = dice.percent(20) ? "1,054.50" : std::to_string(50 + dice.below(5000));
  if (row.stage == "Lost") row.value = "0";
}

}  // namespace

double Row::price() const {
  for (const Product& p : products) {
    if (product == p.name) return p.price;
  }
  return 0;
}

std::string Row::due() const { return engaged.empty() ? "" : iso(day_from(engaged) + days(90)); }

std::string Row::country_code() const {
  for (const Company& c : companies) {
    if (account == c.name) return c.code;
  }
  return "";
}

std::vector<std::string> Row::lacks() const {
  std::vector<std::string> out;
  if (account.empty()) out.emplace_back("a customer");
  if (price() == 0) out.emplace_back("an estimated value above 0");
  if (engaged.empty()) out.emplace_back("an estimated close date");
  return out;
}

Fate Row::fate() const {
  if (region == "LATAM") return Fate::not_selected;
  if (!open()) return Fate::closed_before;
  if (!account.empty() && country_code().empty()) return Fate::unknown_country;
  return lacks().empty() ? Fate::created : Fate::missing;
}

Pipeline::Pipeline(int count, unsigned seed) {
  Dice dice(seed);
  const auto today = std::chrono::floor<days>(std::chrono::system_clock::now());
  for (int i = 0; i < count; ++i) {
    Row row;
    row.title = title_of(i + 1, dice);
    row.agent = agents[dice.below(agents.size())];
    row.product = products[dice.percent(3) ? 5 : dice.below(5)].name;
    const Company& company = companies[dice.below(companies.size())];
    row.region = dice.percent(4) ? "LATAM" : dice.percent(50) ? "EMEA" : "AMER";
    row.currency = dice.percent(50) ? "USD" : dice.percent(50) ? "EUR" : "CHF";
    const unsigned stage = dice.below(100);
    row.stage = stage < 12 ? "Prospecting" : stage < 45 ? "Engaging" : stage < 75 ? "Won" : "Lost";
    if (!dice.percent(16)) {
      row.account = company.name;
      row.country = company.country;
    }
    if (!row.open()) {
      close(row, today, dice);
    } else if (!dice.percent(25)) {
      row.engaged = iso(today - days(dice.below(80)));
    }
    rows.push_back(std::move(row));
  }
}

std::string Pipeline::csv() const {
  std::string out =
      "\xEF\xBB\xBFopportunity,sales_agent,product,account,office,region,deal_stage,engage_date,close_date,currency,"
      "close_value\r\n";
  for (const Row& r : rows) {
    std::string line;
    for (const std::string* field : {&r.title, &r.agent, &r.product, &r.account, &r.country, &r.region, &r.stage,
                                     &r.engaged, &r.closed, &r.currency, &r.value}) {
      line += (field == &r.title ? "" : ",") + cell(*field);
    }
    out += line + "\r\n";
  }
  return out;
}

int Pipeline::count(Fate fate) const {
  int n = 0;
  for (const Row& row : rows) n += row.fate() == fate ? 1 : 0;
  return n;
}

const Row& Pipeline::row(const std::string& title) const {
  for (const Row& row : rows) {
    if (row.title == title) return row;
  }
  throw std::runtime_error("no row " + title);
}

namespace {

// The number that a stage gets as a choice: in the order of the file, beginning with 0.
std::string choice_of(const Pipeline& pipeline, const std::string& stage) {
  for (const Row& row : pipeline.rows) {
    if (row.open()) return row.stage == stage ? "0" : "1";
  }
  return "0";
}

// What a CRM calls the columns that the company's rules speak of.
struct Columns {
  std::string name, value, currency, close_date, stage, owner, account, country, street, city, solution, loss_reason;
  std::string product, region, engaged, due;    // added by the load
  std::string waiting, early, late, won, lost;  // stages as the mapping names them
};

Columns columns_of(const std::string& crm, const Pipeline& pipeline) {
  Columns c;
  if (crm == "dynamics365") {
    c.name = "name", c.value = "estimatedvalue", c.currency = "transactioncurrencyid";
    c.close_date = "estimatedclosedate", c.stage = "salesstage", c.owner = "owner.fullname";
    c.account = "account.name", c.country = "account.address1_country", c.street = "account.address1_line1";
    c.city = "account.address1_city", c.solution = "cosell_solution", c.loss_reason = "cosell_lossreason";
    c.product = "new_product", c.region = "new_region", c.engaged = "new_engaged", c.due = "new_due";
    c.waiting = "salesstage:974830000", c.early = "salesstage:" + choice_of(pipeline, "Prospecting");
    c.late = "salesstage:" + choice_of(pipeline, "Engaging"), c.won = "won:3", c.lost = "lost:4";
    return c;
  }
  c.name = "Name", c.value = "Amount", c.currency = "CurrencyIsoCode", c.close_date = "CloseDate";
  c.stage = "StageName", c.owner = "Owner.Name", c.account = "Account.Name", c.country = "Account.BillingCountry";
  c.street = "Account.BillingStreet", c.city = "Account.BillingCity", c.solution = "Cosell_Solution__c";
  c.loss_reason = "Cosell_Loss_Reason__c";
  c.product = "Product__c", c.region = "Region__c", c.engaged = "Engaged__c", c.due = "Due__c";
  c.waiting = "Received from Microsoft", c.early = "Prospecting", c.late = "Engaging", c.won = "Won", c.lost = "Lost";
  return c;
}

std::string pipeline_mapping(const std::string& crm, const Columns& c) {
  const std::string country = crm == "dynamics365" ? "parentaccountid.address1_country" : c.country;
  const Json mapping = {
      {"extends", crm},
      {"select", {{"column", c.region}, {"value", {"EMEA", "AMER"}}}},
      {"stages",
       {{"map",
         {{c.waiting, "waiting"},
          {c.early, 10},
          {c.late, 40},
          {c.won, "won"},
          {c.lost, {{"closed", "lost"}, {"reason", {{"column", c.loss_reason}}}}}}},
        {"write_back", {{"10", c.early}, {"40", c.late}, {"lost", c.lost}}}}},
      {"fields",
       {{"value",
         {{"default",
           {{"column", c.product},
            {"values",
             {{"GTX Basic", 550}, {"GTX Pro", 4821}, {"GTXPro", 4821}, {"MG Special", 55.25}, {"GTK 500", 26768}}}}}}},
        {"close_date", {{"column", c.due}, {"default", "{" + c.engaged + "} + 90d"}}},
        {"customer", {{"country", {{"column", country}, {"values", {{"Philipines", "PH"}}}}}}},
        {"location", {{"constant", "1234567"}}},
        {"consent_contact",
         {{"statement", "Agreed in every contract"}, {"signed_by", "Ida Berg"}, {"date", "2026-01-31"}}},
        {"marketplace_intent", {{"default", "HaveNotDecided"}}},
        {"notes", {{"default", "{" + c.product + "}, questions to the deal's owner, please."}}}}}};
  return "// The company's stages and rules.\n" + mapping.dump(2) + "\n";
}

}  // namespace

std::unique_ptr<Sandbox> load(const Pipeline& pipeline, const std::string& crm) {
  const TemporaryFolder folder;
  write_text(folder.file("pipeline.csv"), pipeline.csv());
  const Columns c = columns_of(crm, pipeline);
  SandboxOptions options;
  options.crm = crm;
  options.mapping = pipeline_mapping(crm, c);
  options.more = {"--load",
                  folder.file("pipeline.csv"),
                  "--map",
                  c.name + "=opportunity",
                  c.owner + "=sales_agent",
                  c.product + "=product",
                  c.account + "=account",
                  c.country + "=office",
                  c.region + "=region",
                  c.stage + "=deal_stage",
                  c.engaged + "=engage_date",
                  c.close_date + "=close_date",
                  c.currency + "=currency",
                  c.value + "=close_value",
                  "--set",
                  c.solution + "=SOL-ABCDE-FGH",
                  c.street + "=1 Main Street",
                  c.city + "=Springfield",
                  c.due + "="};
  return std::make_unique<Sandbox>(options);
}

std::string stage_shown(const Json& referral) {
  return referral["salesStage"].is_string() ? referral["salesStage"].get<std::string>() : "10";
}

void expect_referrals_match(const Pipeline& pipeline, const Sandbox& sandbox) {
  std::map<std::string, std::string> title_by_id;
  for (const Json& o : make_crm(sandbox)->opportunities()) title_by_id[o["id"]] = o["name"];
  std::set<std::string> seen;
  for (const Json& referral : PartnerCenter(sandbox).referrals()) {
    const std::string name = referral["name"];
    EXPECT_TRUE(seen.insert(name).second) << name << " was created twice";
    EXPECT_EQ(title_by_id[referral["externalReferenceId"]], name);
    const Row& row = pipeline.row(name);
    EXPECT_EQ(row.fate(), Fate::created) << name;
    EXPECT_EQ(stage_shown(referral), row.stage == "Engaging" ? "40" : "10") << name;
    EXPECT_EQ(referral["status"], "Active") << name;
    EXPECT_EQ(referral["type"], "Independent") << name;
    EXPECT_EQ(referral["details"]["dealValue"].get<double>(), row.price()) << name;
    EXPECT_EQ(referral["details"]["currency"], row.currency) << name;
    EXPECT_EQ(referral["details"]["closingDateTime"].get<std::string>().substr(0, 10), row.due()) << name;
    EXPECT_EQ(referral["details"]["notes"], row.product + ", questions to the deal's owner, please.") << name;
    EXPECT_EQ(referral["customerProfile"]["name"], row.account) << name;
    EXPECT_EQ(referral["customerProfile"]["address"]["country"], row.country_code()) << name;
    EXPECT_EQ(referral["customerProfile"]["address"]["city"], "Springfield") << name;
  }
  EXPECT_EQ(static_cast<int>(seen.size()), pipeline.count(Fate::created));
}

}  // namespace cosell::end_to_end
