// Made-up customers and deals as rows of this CRM.
#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/load.h"
#include "connectors/dynamics365/emulator/records.h"
#include "connectors/emulator/made_up.h"

namespace cosell::emulator::dynamics365 {

namespace {

struct Customer {
  Guid id;
  std::optional<Guid> contact;
  std::string name;
  const Place* place = nullptr;
};

class Seeder {
 public:
  Seeder(State& state, const SeedOptions& options, Instant now, Random& random)
      : state_(state), options_(options), now_(now), random_(random), writer_{state, random, now, state.person} {
    writer_.set_up = true;
    const Table& users = state.model.schema().get("systemuser");
    for (const RowPtr& row : state.model.rows(users).all()) {
      const bool seller = row != nullptr && row->id != state.application_user && row->id != state.person &&
                          row->id != state.system_user && row->cell(users.at("isdisabled")) == Value{false};
      if (seller) sellers_.push_back(row->id);
    }
    const Table& deals = state.model.schema().get("opportunity");
    for (const Option& o : deals.columns[deals.at("salesstage")].options) {
      if (o.value != kReceivedFromMicrosoft) stages_.push_back(o.value);
    }
  }

  void run(std::size_t count) {
    const std::size_t customers = std::max<std::size_t>(1, count / 3);
    for (std::size_t i = 0; i < std::min(customers, count); ++i) customers_.push_back(make_customer(i));
    for (std::size_t i = 0; i < count; ++i) make_deal(i);
  }

 private:
  // A row of plain values and references; columns that the organisation lacks are left out.
  std::optional<Guid> save(const char* name, const std::vector<std::pair<const char*, Value>>& values) {
    const Table& table = state_.model.schema().get(name);
    Changes changes;
    for (const auto& value : values) {
      const auto column = table.find(value.first);
      if (column && !is_null(value.second)) changes.set(*column, value.second);
    }
    const auto made = create_row(writer_, table, std::move(changes));
    if (!made) return std::nullopt;
    return (*made)->id;
  }

  Value ref(const char* table, const std::optional<Guid>& id) const {
    return id ? Value{Ref{*id, state_.model.schema().get(table).place}} : Value{};
  }

  Value seller() {
    return ref("systemuser", sellers_.empty() ? state_.person : sellers_[random_.below(sellers_.size())]);
  }

  Value currency(const Place& place) const {
    const RowPtr row = currency_of(state_, place.currency);
    return row == nullptr ? Value{} : ref("transactioncurrency", row->id);
  }

  Customer make_customer(std::size_t n) {
    Customer c;
    c.place = &some_place(random_);
    c.name = company_name(n);
    const std::string domain = domain_of(c.name);
    c.id = save("account", {{"name", c.name},
                            {"address1_line1", std::string(c.place->street)},
                            {"address1_city", std::string(c.place->city)},
                            {"address1_stateorprovince", std::string(c.place->state)},
                            {"address1_postalcode", std::string(c.place->postal_code)},
                            {"address1_country", std::string(c.place->country)},
                            {"websiteurl", "https://www." + domain},
                            {"telephone1", some_phone(*c.place, random_)},
                            {"numberofemployees", static_cast<std::int64_t>(20 + random_.below(5000))},
                            {"transactioncurrencyid", currency(*c.place)},
                            {"ownerid", seller()}})
               .value_or(Guid{});
    const std::string first = some_first_name(random_);
    const std::string last = some_last_name(random_);
    c.contact = save("contact", {{"firstname", first},
                                 {"lastname", last},
                                 {"emailaddress1", text::lower_ascii(first + "." + last) + "@" + domain},
                                 {"telephone1", some_phone(*c.place, random_)},
                                 {"jobtitle", std::string("Head of IT")},
                                 {"parentcustomerid", ref("account", c.id)}});
    return c;
  }

  Value day(const char* column, std::int64_t in_days) const {
    const Table& deals = state_.model.schema().get("opportunity");
    const Date date = add_days(date_of(now_), in_days);
    return deals.columns[deals.at(column)].type == Type::day ? Value{date} : Value{start_of(date)};
  }

  Value stage() { return stages_.empty() ? Value{} : Value{stages_[random_.below(stages_.size())]}; }

  void make_deal(std::size_t n) {
    const Customer& c = customers_[n % customers_.size()];
    const bool closed = chance(random_, 8);
    const bool won = closed && chance(random_, 60);
    const std::int64_t in_days = some_close_day(closed, random_);
    const double value = some_amount(random_);
    std::vector<std::pair<const char*, Value>> values = {
        {"name", c.name + " - " + some_project(random_) + " #" + std::to_string(1000 + n)},
        {"parentaccountid", ref("account", c.id)},
        {"parentcontactid", ref("contact", c.contact)},
        {"ownerid", seller()},
        {"transactioncurrencyid", currency(*c.place)},
        {"estimatedvalue", value},
        {"estimatedclosedate", day("estimatedclosedate", in_days)},
        {"salesstage", stage()},
        {"closeprobability", static_cast<std::int64_t>(10 + 10 * random_.below(9))},
        {"description", chance(random_, 50) ? Value{std::string("Call back with a proposal")} : Value{}}};
    if (closed) {
      values.insert(values.end(), {{"statecode", std::int64_t{won ? 1 : 2}},
                                   {"actualclosedate", day("actualclosedate", in_days)},
                                   {"actualvalue", won ? Value{value} : Value{}}});
    }
    opt_in(values, n);
    save("opportunity", values);
  }

  void opt_in(std::vector<std::pair<const char*, Value>>& values, std::size_t n) {
    if (!chance(random_, 85)) return;
    values.emplace_back("cosell_sync", true);
    values.emplace_back("cosell_notes", "Customer asked for a joint offer (" + std::to_string(1000 + n) + ").");
    values.emplace_back("cosell_visible", chance(random_, 50));
    if (chance(random_, 25)) {
      values.emplace_back("cosell_help", static_cast<std::int64_t>(974830001 + random_.below(6)));
      values.emplace_back("cosell_helpnotes", std::string("Please join the next call with the customer."));
    }
    if (!options_.solutions.empty()) {
      values.emplace_back("cosell_solution", options_.solutions[random_.below(options_.solutions.size())]);
    }
  }

  State& state_;
  const SeedOptions& options_;
  Instant now_;
  Random& random_;
  Writer writer_;
  std::vector<Guid> sellers_;
  std::vector<std::int64_t> stages_;
  std::vector<Customer> customers_;
};

}  // namespace

void seed_deals(State& state, std::size_t count, const SeedOptions& options, Instant now, Random& random) {
  if (count > 0) Seeder(state, options, now, random).run(count);
}

}  // namespace cosell::emulator::dynamics365
