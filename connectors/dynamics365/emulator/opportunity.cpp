// What the platform does with opportunities: customer, currency and amounts, state, closing and reopening, and the
// sales process that runs beside each.
#include <algorithm>

#include "connectors/dynamics365/emulator/records.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr std::int64_t kOpen = 0;
constexpr std::int64_t kWon = 1;
constexpr std::int64_t kLost = 2;

class Deal {
 public:
  Deal(const Writer& writer, const Row* before, Row& row, const Changes& changes)
      : state_(writer.state),
        writer_(writer),
        before_(before),
        row_(row),
        changes_(changes),
        table_(writer.state.model.schema().get("opportunity")) {}

  Outcome<void> apply() {
    if (auto fine = apply_state(); !fine) return fine;
    apply_customer();
    if (before_ == nullptr) fill();
    if (auto fine = check_currency(); !fine) return fine;
    apply_amounts();
    const Settings& s = state_.settings;
    if (s.require_customer && !writer_.set_up && is_null(row_.cell(at("customerid")))) {
      return fail(400, "0x80040505", "An opportunity must have a parent account or contact.");
    }
    return {};
  }

 private:
  std::uint16_t at(const char* column) const { return table_.at(column); }
  const Value* changed(const char* column) const { return changes_.find(at(column)); }
  std::int64_t number(const Row& row, const char* column) const {
    const auto* n = std::get_if<std::int64_t>(&row.cell(at(column)));
    return n == nullptr ? 0 : *n;
  }

  Outcome<void> apply_state() {
    if (before_ == nullptr) return {};
    const std::int64_t was = number(*before_, "statecode");
    const Value* wanted = changed("statecode");
    if (wanted != nullptr && is_null(*wanted)) return fail(400, "0x80040203", "statecode cannot be empty.");
    const std::int64_t is = number(row_, "statecode");
    const bool closes = is != was && is != kOpen;
    if (closes && !writer_.closing && (was != kOpen || state_.settings.close_by_patch == "refuse")) {
      return fail(400, "0x80100005",
                  "This message can not be used to set the state of opportunity to " +
                      std::string(is == kWon ? "Won. Use WinOpportunity" : "Lost. Use LoseOpportunity") +
                      " message instead.");
    }
    const bool locked = state_.settings.closed_records == "readonly" && !writer_.person;
    if (was != kOpen && is != kOpen && locked) {
      return fail(400, "0x8004022e", "Cannot update the opportunity because it is read only: it is closed.");
    }
    if (is != was && changed("statuscode") == nullptr) row_.put(at("statuscode"), default_reason(is));
    if (is == kOpen && was != kOpen) {
      // Reopened: what the closing filled in is emptied again.
      if (changed("actualvalue") == nullptr) row_.put(at("actualvalue"), Value{});
      if (changed("actualclosedate") == nullptr) row_.put(at("actualclosedate"), Value{});
    }
    return {};
  }

  Value default_reason(std::int64_t state) const {
    for (const Option& o : table_.columns[at("statuscode")].options) {
      if (o.state == state) return o.value;
    }
    return {};
  }

  // customerid and the account or contact follow each other; an account goes before a contact.
  void apply_customer() {
    const Schema& schema = state_.model.schema();
    const std::uint16_t accounts = schema.get("account").place;
    if (const Value* customer = changed("customerid")) {
      const auto* ref = std::get_if<Ref>(customer);
      if (ref != nullptr) row_.put(ref->table == accounts ? at("parentaccountid") : at("parentcontactid"), *ref);
    } else if (changed("parentaccountid") != nullptr || changed("parentcontactid") != nullptr) {
      const Value& account = row_.cell(at("parentaccountid"));
      row_.put(at("customerid"), is_null(account) ? row_.cell(at("parentcontactid")) : account);
    }
  }

  void fill() {
    const std::pair<const char*, std::int64_t> defaults[] = {{"opportunityratingcode", 2},
                                                             {"prioritycode", 1},
                                                             {"salesstagecode", 1},
                                                             {"msdyn_forecastcategory", 100000001}};
    for (const auto& d : defaults) {
      const bool offered = table_.columns[at(d.first)].option(d.second) != nullptr;
      if (is_null(row_.cell(at(d.first))) && offered) row_.put(at(d.first), d.second);
    }
    const bool process = state_.settings.business_process && state_.settings.process_writes_stepname;
    if (process && is_null(row_.cell(at("stepname"))))
      row_.put(at("stepname"), step_name(state_, state_.process_of(state_.settings.process_of_new)->stages.front()));
  }

  Outcome<void> check_currency() const {
    if (before_ == nullptr || changed("transactioncurrencyid") == nullptr) return {};
    const auto& quoted = state_.settings.open_quotes;
    const bool tied = std::find(quoted.begin(), quoted.end(), to_string(row_.id)) != quoted.end();
    const bool moved = row_.cell(at("transactioncurrencyid")) != before_->cell(at("transactioncurrencyid"));
    if (!tied || !moved) return {};
    return fail(400, "0x80048479",
                "The currency cannot be changed because the opportunity has quotes in its present currency.");
  }

  void apply_amounts() {
    const Table& currencies = state_.model.schema().get("transactioncurrency");
    const auto* ref = std::get_if<Ref>(&row_.cell(at("transactioncurrencyid")));
    const RowPtr currency = ref == nullptr ? nullptr : state_.model.find(*ref);
    const auto* digits =
        currency == nullptr ? nullptr : std::get_if<std::int64_t>(&currency->cell(currencies.at("currencyprecision")));
    const auto* rate =
        currency == nullptr ? nullptr : std::get_if<double>(&currency->cell(currencies.at("exchangerate")));
    const int precision = digits == nullptr ? 2 : static_cast<int>(*digits);
    if (row_.cell(at("isrevenuesystemcalculated")) == Value{true}) {
      const auto* total = std::get_if<double>(&row_.cell(at("totalamount")));
      row_.put(at("estimatedvalue"), total == nullptr ? 0.0 : *total);
    }
    for (const char* name : {"estimatedvalue", "actualvalue"}) {
      const Value value = row_.cell(at(name));
      const auto* amount = std::get_if<double>(&value);
      const std::string base = std::string(name) + "_base";
      if (amount == nullptr) {
        row_.put(at(base.c_str()), Value{});
        continue;
      }
      const double rounded = round_to(*amount, precision);
      row_.put(at(name), rounded);
      row_.put(at(base.c_str()), rate == nullptr || *rate == 0 ? Value{} : Value{round_to(rounded / *rate, 2)});
    }
  }

  const State& state_;
  const Writer& writer_;
  const Row* before_;
  Row& row_;
  const Changes& changes_;
  const Table& table_;
};

Value day_value(const Table& table, const char* column, Instant t) {
  const Date day = date_of(t);
  if (table.columns[table.at(column)].type == Type::day) return day;
  return start_of(day);
}

Outcome<std::int64_t> closing_reason(const Table& table, const Closing& closing) {
  const std::int64_t state = closing.won ? kWon : kLost;
  for (const Option& o : table.columns[table.at("statuscode")].options) {
    if (o.state == state && (closing.status == -1 || o.value == closing.status)) return o.value;
  }
  return fail(400, "0x80048408",
              std::to_string(closing.status) + " is not a valid status code for state code OpportunityState." +
                  (closing.won ? "Won" : "Lost") + " on opportunity with Id " + to_string(closing.opportunity) + ".");
}

Outcome<void> check_closable(const State& state, const Table& table, const Row& row, const Closing& closing) {
  if (row.cell(table.at("statecode")) != Value{kOpen}) {
    return fail(400, "0x80040515", "The opportunity has already been closed.");
  }
  const auto& quoted = state.settings.open_quotes;
  if (std::find(quoted.begin(), quoted.end(), to_string(row.id)) != quoted.end()) {
    return fail(400, "0x80040516", "The opportunity cannot be closed because it has draft or active quotes.");
  }
  const Table& close = state.model.schema().get("opportunityclose");
  const Value* currency = closing.close.find(close.at("transactioncurrencyid"));
  if (currency != nullptr && *currency != row.cell(table.at("transactioncurrencyid"))) {
    return fail(400, "0x80040516",
                "The opportunity cannot be closed: its currency and the currency of the closing differ.");
  }
  return {};
}

}  // namespace

Outcome<void> apply_opportunity_rules(const Writer& writer, const Row* before, Row& row, const Changes& changes) {
  return Deal(writer, before, row, changes).apply();
}

void after_opportunity_created(Writer& writer, const Row& row) {
  State& state = writer.state;
  if (!state.settings.business_process) return;
  const Schema& schema = state.model.schema();
  const SalesProcess& process = *state.process_of(state.settings.process_of_new);
  const Guid first = process.stages.front();
  put_row(state, process.table, process_instance_id(process, row.id),
          {{"name", process.label},
           {"opportunityid", Ref{row.id, schema.get("opportunity").place}},
           {"processid", Ref{process.workflow, schema.get("workflow").place}},
           {"activestageid", Ref{first, schema.get("processstage").place}},
           {"activestagestartedon", whole_seconds(writer.now)},
           {"traversedpath", to_string(first)},
           {"statecode", std::int64_t{0}},
           {"statuscode", std::int64_t{1}}},
          writer.now);
}

Outcome<void> check_stage_move(const State& state, const Table& process, const Row& before, const Row& row) {
  const auto& stages = state.process_of(process.name)->stages;
  const auto place_of = [&](const Row& r) {
    const auto* ref = std::get_if<Ref>(&r.cell(process.at("activestageid")));
    return ref == nullptr ? stages.end() - stages.begin()
                          : std::find(stages.begin(), stages.end(), ref->id) - stages.begin();
  };
  const auto distance = place_of(row) - place_of(before);
  const bool known = place_of(row) < static_cast<std::ptrdiff_t>(stages.size());
  if (known && distance >= -1 && distance <= 1) return {};
  return fail(400, "0x80040203", "The business process can only be moved to a stage next to the active one.");
}

void after_stage_move(Writer& writer, const Table& process, const Row& row) {
  State& state = writer.state;
  if (!state.settings.process_writes_stepname) return;
  const Table& deals = state.model.schema().get("opportunity");
  const auto* deal = std::get_if<Ref>(&row.cell(process.at("opportunityid")));
  const auto* stage = std::get_if<Ref>(&row.cell(process.at("activestageid")));
  const RowPtr before = deal == nullptr ? nullptr : state.model.find(*deal);
  if (before == nullptr || stage == nullptr) return;
  Row changed = *before;
  changed.put(deals.at("stepname"), step_name(state, stage->id));
  changed.modified = whole_seconds(writer.now);
  changed.modified_by = writer.user;
  changed.version = state.model.next_version();
  state.model.put(deals, std::make_shared<const Row>(std::move(changed)));
}

Outcome<RowPtr> close_opportunity(Writer& writer, const Closing& closing) {
  State& state = writer.state;
  const Table& table = state.model.schema().get("opportunity");
  const RowPtr before = state.model.rows(table).by_id(closing.opportunity);
  if (before == nullptr) {
    return fail(404, "0x80100006", "The opportunity with Id " + to_string(closing.opportunity) + " was not found.");
  }
  if (auto fine = check_closable(state, table, *before, closing); !fine) return tl::unexpected<ApiError>(fine.error());
  const auto reason = closing_reason(table, closing);
  if (!reason) return tl::unexpected<ApiError>(reason.error());

  const Table& close = state.model.schema().get("opportunityclose");
  Changes activity = closing.close;
  const std::int64_t new_state = closing.won ? kWon : kLost;
  activity.set(close.at("opportunityid"), Ref{closing.opportunity, table.place});
  activity.set(close.at("opportunitystatecode"), new_state);
  activity.set(close.at("opportunitystatuscode"), *reason);
  const Value* ended = activity.find(close.at("actualend"));
  const auto* end = ended == nullptr ? nullptr : std::get_if<Instant>(ended);
  const Instant at = end == nullptr ? whole_seconds(writer.now) : *end;
  activity.set(close.at("actualend"), at);

  Changes written;
  written.set(table.at("statecode"), new_state);
  written.set(table.at("statuscode"), *reason);
  written.set(table.at("actualclosedate"), day_value(table, "actualclosedate", at));
  const Value* given = activity.find(close.at("actualrevenue"));
  const bool told = given != nullptr && !is_null(*given);
  if (!told && closing.won) activity.set(close.at("actualrevenue"), before->cell(table.at("estimatedvalue")));
  if (told || closing.won) written.set(table.at("actualvalue"), *activity.find(close.at("actualrevenue")));
  Writer platform = writer;
  platform.closing = true;
  const auto stored = update_row(platform, table, before, std::move(written));
  if (!stored) return stored;
  const auto made = create_row(platform, close, std::move(activity));
  if (!made) return made;
  return stored;
}

}  // namespace cosell::emulator::dynamics365
