// Keeping what a decision was derived from, and deriving it again.
#include "engine/recheck.h"

#include "base/json_text.h"
#include "base/text.h"
#include "mapping/stored.h"
#include "store/codec.h"
#include "store/footing.h"

namespace cosell::engine {

namespace {

using store::DealRow;
using store::SideState;

const char* const kInputs = "inputs";

struct NamedImage {
  const char* name;
  ImageId* id;
};

std::vector<NamedImage> images_of(DealRow& row) {
  return {{"crm", &row.crm.image},
          {"crm_base", &row.crm.base},
          {"partner_center", &row.partner_center.image},
          {"partner_center_base", &row.partner_center.base},
          {"microsoft", &row.microsoft}};
}

const char* existence_name(store::Existence e) {
  switch (e) {
    case store::Existence::unseen:
      return "unseen";
    case store::Existence::live:
      return "live";
    case store::Existence::deleted:
      return "deleted";
    case store::Existence::out_of_scope:
      break;
  }
  return "out_of_scope";
}

store::Existence existence_from(const std::string& name) {
  for (const auto e : {store::Existence::unseen, store::Existence::live, store::Existence::deleted}) {
    if (name == existence_name(e)) return e;
  }
  return store::Existence::out_of_scope;
}

// What is empty needs no words: these lines are the most numerous.
void add_if_any(json::ObjectText& object, const char* name, const json::ObjectText& members) {
  if (!members.empty()) object.member(name) += members.object();
}

json::ObjectText side_text(const SideState& side) {
  json::ObjectText object;
  if (side.existence == store::Existence::unseen && side.record_id.empty()) return object;
  if (side.existence != store::Existence::live) object.text("existence", existence_name(side.existence));
  object.text_if_any("id", side.record_id);
  return object;
}

void read_side(const json::Value* object, SideState& side) {
  if (object == nullptr || object->members().empty()) return;
  side.record_id = object->text_of("id");
  const json::Value* existence = object->find("existence");
  side.existence = existence == nullptr ? store::Existence::live : existence_from(existence->text());
}

std::string inputs_text(const Planned& plan) {
  DealRow row = plan.before;
  json::ObjectText images;
  for (const NamedImage& image : images_of(row)) {
    if (image.id->valid()) images.integer(image.name, image.id->value);
  }
  json::ObjectText marks;
  for (const auto& [name, value] : row.marks) {
    // What was agreed on is JSON itself.
    if (text::starts_with(name, store::agreed_mark)) {
      marks.member(name) += value;
    } else {
      marks.text(name, value);
    }
  }
  json::ObjectText object;
  if (!plan.answers.members().empty()) object.member("answers") += json::canonical(plan.answers);
  object.integer("at", plan.at.ms);
  add_if_any(object, "crm", side_text(row.crm));
  object.text_if_any("engagement", row.engagement_id);
  add_if_any(object, "images", images);
  add_if_any(object, "marks", marks);
  object.text_if_any("message", row.message);
  add_if_any(object, "partner_center", side_text(row.partner_center));
  object.text_if_any("reason", row.reason);
  object.integer("since", row.since.ms);
  object.text("state", store::name_of(row.state));
  return object.object();
}

DealRow row_from(const json::Value& inputs, DealId deal) {
  DealRow row;
  row.id = deal;
  const json::Value* images = inputs.find("images");
  for (const NamedImage& image : images_of(row)) {
    const json::Value* number = images == nullptr ? nullptr : images->find(image.name);
    if (number != nullptr) image.id->value = number->as_integer().value_or(0);
  }
  read_side(inputs.find("crm"), row.crm);
  read_side(inputs.find("partner_center"), row.partner_center);
  row.engagement_id = inputs.text_of("engagement");
  const std::string state = inputs.text_of("state");
  for (const auto s : {store::DealState::skipped, store::DealState::in_sync, store::DealState::changed,
                       store::DealState::waiting, store::DealState::failed}) {
    if (state == store::name_of(s)) row.state = s;
  }
  row.reason = inputs.text_of("reason");
  row.message = inputs.text_of("message");
  const json::Value* since = inputs.find("since");
  if (since != nullptr) row.since.ms = since->as_integer().value_or(0);
  const json::Value* marks = inputs.find("marks");
  if (marks != nullptr) {
    for (const json::Member& mark : marks->members()) {
      row.marks[mark.key] = mark.value.is_object() ? json::canonical(mark.value) : mark.value.text();
    }
  }
  return row;
}

// What was decided, without what it was derived from and what the store added.
std::string outcome_of(const json::Value& payload) {
  auto object = json::Value::object();
  for (const json::Member& member : payload.members()) {
    if (member.key != kInputs && member.key != store::footing_member) object.set(member.key, member.value);
  }
  return json::canonical(object);
}

struct NamedFlag {
  const char* name;
  bool RulePack::*flag;
};
constexpr NamedFlag required_fields[] = {{"notes_required", &RulePack::notes_required},
                                         {"marketplace_intent_required", &RulePack::marketplace_intent_required},
                                         {"team_required", &RulePack::team_required},
                                         {"solution_required", &RulePack::solution_required},
                                         {"location_required", &RulePack::location_required}};

struct NamedClock {
  const char* name;
  Duration Clocks::*clock;
};
constexpr NamedClock named_clocks[] = {{"partner_answers_ms", &Clocks::partner_answers},
                                       {"microsoft_answers_ms", &Clocks::microsoft_answers},
                                       {"won_after_ms", &Clocks::won_after},
                                       {"register_within_ms", &Clocks::register_within},
                                       {"contract_started_within_ms", &Clocks::contract_started_within}};

json::Value rates_json(const RateTable& rates) {
  auto per_unit = json::Value::object();
  for (const auto& [currency, rate] : rates.usd_per_unit) per_unit.set(currency, json::Value::string(rate.text));
  auto object = json::Value::object();
  object.set("date", json::Value::string(rates.date));
  object.set("usd_per_unit", std::move(per_unit));
  return object;
}

// A table that was kept replaces that of today, also when it was empty.
void read_rates(const json::Value& object, RateTable& rates) {
  rates.date = object.text_of("date");
  rates.usd_per_unit.clear();
  const json::Value* per_unit = object.find("usd_per_unit");
  if (per_unit == nullptr) return;
  for (const json::Member& m : per_unit->members()) {
    if (auto rate = parse_number(m.value.text())) rates.usd_per_unit[m.key] = *rate;
  }
}

void read_rules(const json::Value& object, RulePack& rules) {
  for (const NamedFlag& f : required_fields) {
    if (const json::Value* v = object.find(f.name)) rules.*f.flag = v->as_bool();
  }
  if (const json::Value* clocks = object.find("clocks")) {
    for (const NamedClock& c : named_clocks) {
      const json::Value* ms = clocks->find(c.name);
      if (ms != nullptr) rules.clocks.*c.clock = milliseconds(ms->as_integer().value_or((rules.clocks.*c.clock).ms));
    }
  }
  RegistrationRules& registration = rules.registration;
  if (const json::Value* least = object.find("least_value_usd")) {
    registration.least_value_usd = least->as_integer().value_or(registration.least_value_usd);
  }
  if (const json::Value* solutions = object.find("eligible_solutions")) {
    registration.eligible_solutions.clear();
    for (const json::Value& id : solutions->items()) registration.eligible_solutions.insert(id.text());
  }
  if (const json::Value* rates = object.find("rates")) read_rates(*rates, registration.rates);
}

// What that run kept; what a run of an older program did not keep is as today.
Settings settings_from(const std::string& text, Settings settings) {
  const auto object = json::read(text);
  if (text.empty() || !object) return settings;
  const json::Value* settle = object->find("settle_ms");
  if (settle != nullptr) settings.settle = milliseconds(settle->as_integer().value_or(settings.settle.ms));
  if (const json::Value* gates = object->find("gates")) {
    settings.gates.clear();
    for (const Irreversible step : irreversible_steps) {
      const json::Value* gate = gates->find(name_of(step));
      if (gate != nullptr) settings.gates[step] = static_cast<Gate>(gate->as_integer().value_or(0));
    }
  }
  const std::string early = object->text_of("early_won");
  for (const EarlyWon how : {EarlyWon::hold, EarlyWon::warn, EarlyWon::send}) {
    if (early == name_of(how)) settings.early_won = how;
  }
  read_rules(*object, settings.rules);
  return settings;
}

Result<RunId> last_that_decided(store::Store& store) {
  auto runs = store.runs(1000);
  if (!runs) return runs.error();
  for (const auto& run : *runs) {
    std::int64_t after = 0;
    while (true) {
      auto lines = store.journal_lines(run.id, after, 500);
      if (!lines) return lines.error();
      if (lines->empty()) break;
      after = lines->back().sequence;
      for (const auto& line : *lines) {
        const bool decision = line.kind == store::JournalKind::decided || line.kind == store::JournalKind::waiting;
        if (decision) return run.id;
      }
    }
  }
  return make_error(ErrorClass::config, "No sync has decided anything yet.");
}

}  // namespace

std::string decision_payload(const Planned& plan) {
  json::ObjectText payload;
  if (plan.decision) {
    std::vector<std::string> fields;
    for (const auto& d : plan.decision->fields) {
      if (d.verdict == reconcile::Verdict::agreed) continue;
      json::ObjectText one;
      one.text("field", info(d.field).name);
      one.text("reason", reconcile::name_of(d.reason));
      store::append_value(d.result, one.member("result"));
      one.text_if_any("rule", d.rule);
      one.text("verdict", reconcile::name_of(d.verdict));
      fields.push_back(one.object());
    }
    payload.member("fields") += '[' + text::join(fields, ",") + ']';
  }
  payload.member(kInputs) += inputs_text(plan);
  payload.text("reason", plan.row.reason);
  payload.text("state", store::name_of(plan.row.state));
  std::string& writes = payload.member("writes") += '[';
  for (const auto& op : plan.operations) {
    if (writes.back() != '[') writes += ',';
    json::append_string(std::string(store::name_of(op.side)) + " " + op.kind + " " + op.verb + " " + fingerprint(op),
                        writes);
  }
  writes += ']';
  return payload.object();
}

std::string settings_text(const Settings& settings) {
  auto object = json::Value::object();
  object.set("settle_ms", json::Value::integer(settings.settle.ms));
  auto gates = json::Value::object();
  for (const auto& [step, gate] : settings.gates) {
    gates.set(name_of(step), json::Value::integer(static_cast<std::int64_t>(gate)));
  }
  object.set("gates", std::move(gates));
  object.set("early_won", json::Value::string(name_of(settings.early_won)));
  for (const NamedFlag& f : required_fields) object.set(f.name, json::Value::boolean(settings.rules.*f.flag));
  auto clocks = json::Value::object();
  for (const NamedClock& c : named_clocks) {
    clocks.set(c.name, json::Value::integer((settings.rules.clocks.*c.clock).ms));
  }
  object.set("clocks", std::move(clocks));
  const RegistrationRules& registration = settings.rules.registration;
  object.set("least_value_usd", json::Value::integer(registration.least_value_usd));
  auto solutions = json::Value::array();
  for (const std::string& id : registration.eligible_solutions) solutions.append(json::Value::string(id));
  object.set("eligible_solutions", std::move(solutions));
  object.set("rates", rates_json(registration.rates));
  return json::canonical(object);
}

Result<Recheck> recheck(const Pair& pair, RunId run) {
  Recheck report;
  report.run = run;
  if (!run.valid()) {
    auto last = last_that_decided(*pair.store);
    if (!last) return last.error();
    report.run = *last;
  }
  auto kept = pair.store->run_inputs(report.run);
  if (!kept) return kept.error();
  if (!*kept) {
    return make_error(ErrorClass::config, "There is no sync with the number " + std::to_string(report.run.value) + ".");
  }
  const auto loaded = mapping::read_stored_mapping((*kept)->mapping_text);
  if (!loaded.mapping) {
    return make_error(ErrorClass::config, "The mapping of that sync cannot be read by this version of cosell.");
  }
  Pair then = pair;
  then.mapping = &*loaded.mapping;
  then.settings = settings_from((*kept)->settings_text, pair.settings);
  Decider decider(then, report.run);
  std::int64_t after = 0;
  while (true) {
    auto lines = pair.store->journal_lines(report.run, after, 500);
    if (!lines) return lines.error();
    if (lines->empty()) return report;
    after = lines->back().sequence;
    for (const auto& line : *lines) {
      if (line.kind != store::JournalKind::decided && line.kind != store::JournalKind::waiting) continue;
      const auto payload = json::read(line.payload.empty() ? "{}" : line.payload);
      const json::Value* inputs = payload ? payload->find(kInputs) : nullptr;
      if (inputs == nullptr) {
        ++report.without_inputs;
        continue;
      }
      const json::Value* at = inputs->find("at");
      const json::Value* answers = inputs->find("answers");
      const Instant moment{at == nullptr ? 0 : at->as_integer().value_or(0)};
      const json::Value given = answers == nullptr ? json::Value::object() : *answers;
      auto plan = decider.decide_again(row_from(*inputs, line.deal), moment, given);
      if (!plan) return plan.error();
      ++report.checked;
      const auto decided = json::read(decision_payload(*plan));
      const std::string now = outcome_of(*decided);
      const std::string before = outcome_of(*payload);
      if (now != before) report.differences.push_back({line.sequence, line.deal, line.summary, before, now});
    }
  }
}

}  // namespace cosell::engine
