// Made-up deals for a sandbox: varied, plausible, and the same for the same random numbers.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "connectors/salesforce/emulator/load.h"
#include "connectors/salesforce/emulator/records.h"

namespace cosell::emulator::salesforce {

namespace {

struct Place {
  const char* street;
  const char* city;
  const char* state;
  const char* postal_code;
  const char* country;  // ISO 3166
  const char* currency;
  const char* dialling_code;
};

constexpr Place kPlaces[] = {{"1200 Fifth Avenue", "Seattle", "WA", "98101", "US", "USD", "+1"},
                             {"400 Congress Avenue", "Austin", "TX", "78701", "US", "USD", "+1"},
                             {"75 State Street", "Boston", "MA", "02109", "US", "USD", "+1"},
                             {"30 King Street West", "Toronto", "ON", "M5H 1B4", "CA", "CAD", "+1"},
                             {"Unter den Linden 21", "Berlin", "Berlin", "10117", "DE", "EUR", "+49"},
                             {"Leopoldstra\xC3\x9F"
                              "e 8",
                              "M\xC3\xBCnchen", "Bayern", "80802", "DE", "EUR", "+49"},
                             {"14 rue de la Paix", "Paris", "\xC3\x8Ele-de-France", "75002", "FR", "EUR", "+33"},
                             {"Calle de Alcal\xC3\xA1 45", "Madrid", "Madrid", "28014", "ES", "EUR", "+34"},
                             {"22 Bishopsgate", "London", "England", "EC2N 4BQ", "GB", "GBP", "+44"},
                             {"Bahnhofstrasse 40", "Z\xC3\xBCrich", "ZH", "8001", "CH", "CHF", "+41"},
                             {"Kungsgatan 12", "Stockholm", "Stockholm", "111 35", "SE", "SEK", "+46"},
                             {"1-9-1 Marunouchi", "Tokyo", "Tokyo", "100-0005", "JP", "JPY", "+81"},
                             {"1 Martin Place", "Sydney", "NSW", "2000", "AU", "AUD", "+61"}};

constexpr const char* kFirstParts[] = {"Northwind", "Contoso",   "Fabrikam", "Litware", "Tailspin", "Proseware",
                                       "Adatum",    "Wingtip",   "Lucerne",  "Trey",    "Alpine",   "Bellows",
                                       "Margie",    "Humongous", "Graphic",  "Fourth",  "Coho",     "Relecloud"};
constexpr const char* kSecondParts[] = {"Logistics", "Foods",   "Energy",  "Health", "Retail",     "Manufacturing",
                                        "Insurance", "Airways", "Studios", "Bank",   "Pharma",     "Research",
                                        "Motors",    "Telecom", "Water",   "Travel", "University", "Systems"};
constexpr const char* kIndustries[] = {"Banking",       "Education", "Energy",     "Government",    "Healthcare",
                                       "Manufacturing", "Retail",    "Technology", "Transportation"};
constexpr const char* kProjects[] = {"Azure migration",         "data platform",         "Teams Phone rollout",
                                     "security operations",     "SAP on Azure",          "customer service copilot",
                                     "Dynamics 365 renewal",    "IoT fleet monitoring",  "disaster recovery",
                                     "analytics modernisation", "Power Platform centre", "virtual desktops"};
constexpr const char* kFirstNames[] = {"Anna", "Ben",   "Carla", "David", "Elena", "Farid", "Grace", "Hugo",
                                       "Ines", "Jonas", "Keiko", "Liam",  "Maria", "Noah",  "Olga",  "Pedro"};
constexpr const char* kLastNames[] = {"Keller", "Smith",  "Dubois",  "Garcia", "Tanaka", "Novak",     "Jensen", "Rossi",
                                      "Nguyen", "Larsen", "Fischer", "Walker", "Moreau", "Andersson", "Costa",  "Khan"};
constexpr const char* kHelp[] = {"WorkloadSpecificValueProposition",
                                 "CustomerTechnicalArchitecture",
                                 "ProofOfConceptOrDemo",
                                 "QuotesOrLicensing",
                                 "PostSalesCustomerSuccess",
                                 "GeneralOrOther"};

template <class T, std::size_t N>
const T& one_of(const T (&list)[N], Random& random) {
  return list[static_cast<std::size_t>(random.below(N))];
}

bool chance(Random& random, std::uint64_t percent) { return random.below(100) < percent; }

struct Customer {
  std::string id;
  std::string contact;
  std::string name;
  const Place* place = nullptr;
};

class Seeder {
 public:
  Seeder(State& state, const SeedOptions& options, Instant now, Random& random)
      : state_(state), options_(options), now_(now), random_(random), writer_{state, now, state.person} {
    writer_.set_up = true;
    const Object& users = state.model.schema().get("User");
    for (const RowPtr& row : state.model.table(users).rows()) {
      const bool seller = row != nullptr && row->id != state.integration_user && row->id != state.person &&
                          row->cell(users.at("IsActive")) == Value{true};
      if (seller) sellers_.push_back(row->id);
    }
    for (const Stage& s : stages_of(state)) {
      if (s.name == "Received from Microsoft") continue;
      (s.closed ? closed_ : open_).push_back(s.name);
    }
  }

  void run(std::size_t count) {
    const std::size_t customers = std::max<std::size_t>(1, count / 3);
    for (std::size_t i = 0; i < std::min(customers, count); ++i) customers_.push_back(make_customer(i));
    for (std::size_t i = 0; i < count; ++i) make_deal(i);
  }

 private:
  std::string save(const char* object, const Json& fields) {
    const auto made = create_record(writer_, state_.model.schema().get(object), fields);
    return made ? made->id : "";
  }

  std::string seller() { return sellers_.empty() ? state_.person : sellers_[random_.below(sellers_.size())]; }

  Customer make_customer(std::size_t n) {
    constexpr std::size_t kFirsts = std::size(kFirstParts);
    constexpr std::size_t kSeconds = std::size(kSecondParts);
    Customer c;
    c.place = &one_of(kPlaces, random_);
    c.name = std::string(kFirstParts[n % kFirsts]) + " " + kSecondParts[(n / kFirsts + n) % kSeconds];
    if (n >= kFirsts * kSeconds) c.name += " " + std::to_string(n / (kFirsts * kSeconds) + 1);
    const std::string domain = text::replace_all(text::lower_ascii(c.name), " ", "-") + ".example";
    Json account = Json{{"Name", c.name},
                        {"BillingStreet", c.place->street},
                        {"BillingCity", c.place->city},
                        {"BillingState", c.place->state},
                        {"BillingPostalCode", c.place->postal_code},
                        {"BillingCountry", c.place->country},
                        {"Website", "https://www." + domain},
                        {"Phone", phone(*c.place)},
                        {"Industry", one_of(kIndustries, random_)},
                        {"NumberOfEmployees", 20 + random_.below(5000)},
                        {"OwnerId", seller()}};
    set_currency(account, *c.place);
    c.id = save("Account", account);
    const std::string first = one_of(kFirstNames, random_);
    const std::string last = one_of(kLastNames, random_);
    Json contact = Json{{"AccountId", c.id},        {"FirstName", first},
                        {"LastName", last},         {"Email", text::lower_ascii(first + "." + last) + "@" + domain},
                        {"Phone", phone(*c.place)}, {"Title", "Head of IT"}};
    c.contact = save("Contact", contact);
    return c;
  }

  std::string phone(const Place& place) {
    return std::string(place.dialling_code) + " 555 0" + std::to_string(100 + random_.below(900));
  }

  void set_currency(Json& fields, const Place& place) {
    const auto& codes = state_.settings.currencies;
    const bool usable =
        state_.settings.multi_currency && std::find(codes.begin(), codes.end(), place.currency) != codes.end();
    if (usable) fields["CurrencyIsoCode"] = place.currency;
  }

  double amount() {
    // Many small deals, few large ones; some with cents, as quotes have them.
    const double scale = chance(random_, 20) ? 100.0 : 10.0;
    const double value = (50.0 + static_cast<double>(random_.below(950))) * scale;
    return chance(random_, 15) ? value + static_cast<double>(random_.below(100)) / 100.0 : value;
  }

  void make_deal(std::size_t n) {
    const Customer& c = customers_[n % customers_.size()];
    const bool closed = chance(random_, 8) && !closed_.empty();
    const std::vector<std::string>& stages = closed || open_.empty() ? closed_ : open_;
    const std::int64_t in_days = closed ? -static_cast<std::int64_t>(random_.below(120)) - 1
                                        : static_cast<std::int64_t>(random_.below(240)) + 20;
    Json fields = Json{{"Name", c.name + " - " + one_of(kProjects, random_) + " #" + std::to_string(1000 + n)},
                       {"AccountId", c.id},
                       {"OwnerId", seller()},
                       {"StageName", stages[random_.below(stages.size())]},
                       {"CloseDate", to_string(add_days(date_of(now_), in_days))},
                       {"Amount", amount()},
                       {"Type", chance(random_, 60) ? "New Customer" : "Existing Customer - Upgrade"},
                       {"NextStep", chance(random_, 50) ? "Call back with a proposal" : ""}};
    if (!c.contact.empty()) fields["ContactId"] = c.contact;
    set_currency(fields, *c.place);
    opt_in(fields, n);
    save("Opportunity", fields);
  }

  void opt_in(Json& fields, std::size_t n) {
    if (!chance(random_, 85)) return;
    fields["Cosell_Sync__c"] = true;
    fields["Cosell_Notes__c"] = "Customer asked for a joint offer (" + std::to_string(1000 + n) + ").";
    fields["Cosell_Visible__c"] = chance(random_, 50);
    if (chance(random_, 25)) {
      fields["Cosell_Help__c"] = one_of(kHelp, random_);
      fields["Cosell_Help_Notes__c"] = "Please join the next call with the customer.";
    }
    if (!options_.solutions.empty()) {
      fields["Cosell_Solution__c"] = options_.solutions[random_.below(options_.solutions.size())];
    }
  }

  State& state_;
  const SeedOptions& options_;
  Instant now_;
  Random& random_;
  Writer writer_;
  std::vector<std::string> sellers_;
  std::vector<std::string> open_;
  std::vector<std::string> closed_;
  std::vector<Customer> customers_;
};

}  // namespace

void seed_deals(State& state, std::size_t count, const SeedOptions& options, Instant now, Random& random) {
  if (count > 0) Seeder(state, options, now, random).run(count);
}

}  // namespace cosell::emulator::salesforce
