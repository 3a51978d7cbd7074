// Made-up customers and deals as rows of this CRM.
#include <algorithm>

#include "base/text.h"
#include "connectors/emulator/made_up.h"
#include "connectors/salesforce/emulator/load.h"
#include "connectors/salesforce/emulator/records.h"

namespace cosell::emulator::salesforce {

namespace {

constexpr const char* kIndustries[] = {"Banking",       "Education", "Energy",     "Government",    "Healthcare",
                                       "Manufacturing", "Retail",    "Technology", "Transportation"};
constexpr const char* kHelp[] = {"WorkloadSpecificValueProposition",
                                 "CustomerTechnicalArchitecture",
                                 "ProofOfConceptOrDemo",
                                 "QuotesOrLicensing",
                                 "PostSalesCustomerSuccess",
                                 "GeneralOrOther"};

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
    Customer c;
    c.place = &some_place(random_);
    c.name = company_name(n);
    const std::string domain = domain_of(c.name);
    Json account = Json{{"Name", c.name},
                        {"BillingStreet", c.place->street},
                        {"BillingCity", c.place->city},
                        {"BillingState", c.place->state},
                        {"BillingPostalCode", c.place->postal_code},
                        {"BillingCountry", c.place->country},
                        {"Website", "https://www." + domain},
                        {"Phone", some_phone(*c.place, random_)},
                        {"Industry", one_of(kIndustries, random_)},
                        {"NumberOfEmployees", 20 + random_.below(5000)},
                        {"OwnerId", seller()}};
    set_currency(account, *c.place);
    c.id = save("Account", account);
    const std::string first = some_first_name(random_);
    const std::string last = some_last_name(random_);
    Json contact = Json{{"AccountId", c.id},
                        {"FirstName", first},
                        {"LastName", last},
                        {"Email", text::lower_ascii(first + "." + last) + "@" + domain},
                        {"Phone", some_phone(*c.place, random_)},
                        {"Title", "Head of IT"}};
    c.contact = save("Contact", contact);
    return c;
  }

  void set_currency(Json& fields, const Place& place) {
    const auto& codes = state_.settings.currencies;
    const bool usable =
        state_.settings.multi_currency && std::find(codes.begin(), codes.end(), place.currency) != codes.end();
    if (usable) fields["CurrencyIsoCode"] = place.currency;
  }

  void make_deal(std::size_t n) {
    const Customer& c = customers_[n % customers_.size()];
    const bool closed = chance(random_, 8) && !closed_.empty();
    const std::vector<std::string>& stages = closed || open_.empty() ? closed_ : open_;
    const std::int64_t in_days = some_close_day(closed, random_);
    Json fields = Json{{"Name", c.name + " - " + some_project(random_) + " #" + std::to_string(1000 + n)},
                       {"AccountId", c.id},
                       {"OwnerId", seller()},
                       {"StageName", stages[random_.below(stages.size())]},
                       {"CloseDate", to_string(add_days(date_of(now_), in_days))},
                       {"Amount", some_amount(random_)},
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
