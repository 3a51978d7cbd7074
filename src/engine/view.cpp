// Loading and advancing what a deal's two sides show and agreed on.
#include "engine/view.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/json_text.h"
#include "base/text.h"
#include "engine/marks.h"
#include "engine/words.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

const std::string base_prefix = store::agreed_mark;

Result<Columns> image_or_empty(store::Store& store, ImageId id) {
  if (!id.valid()) return Columns{};
  return store.image(id);
}

void apply_overrides(const store::DealRow& row, Deal& base_crm, Deal& base_pc) {
  for (const auto& [name, text] : row.marks) {
    if (name.rfind(base_prefix, 0) != 0) continue;
    const auto field = field_from(std::string_view(name).substr(base_prefix.size()));
    std::optional<Value> crm, pc;
    const auto parsed = json::read_each(text, [&](json::Member& member) {
      auto value = store::value_from_json(std::move(member.value));
      if (value) (member.key == "crm" ? crm : pc) = std::move(*value);
    });
    if (!field || !parsed) continue;
    base_crm.erase(*field);
    base_pc.erase(*field);
    if (!crm || !pc) continue;
    base_crm.set(*field, std::move(*crm));
    base_pc.set(*field, std::move(*pc));
  }
}

// T-6: asking for help shows the deal to Microsoft, whatever the second answer says. Where the mapping sends no wish
// for help, what the CRM shows of it asks for nothing.
void help_implies_visible(const mapping::Mapping& mapping, Deal& deal) {
  const mapping::Direction travels = mapping.rule(Field::help).direction;
  const bool asks = travels == mapping::Direction::both || travels == mapping::Direction::to_partner_center;
  if (asks && !is_blank(deal.get(Field::help))) deal.set(Field::visible, true);
}

Deal with_microsoft(Deal deal, const Columns& microsoft) {
  const bool inbound = deal.text(Field::direction) == "Incoming";
  if (inbound) {
    deal.erase(Field::help);  // Microsoft is in the deal already (U-4)
  } else if (microsoft.empty()) {
    deal.set(Field::help, Value{});
  } else {
    const auto& help = column(microsoft, info(Field::help).name);
    deal.set(Field::help, is_blank(help) ? Value{std::string("GeneralOrOther")} : help);
  }
  if (!microsoft.empty()) {
    const auto* standing = std::get_if<Standing>(&column(microsoft, info(Field::standing).name));
    deal.set(Field::microsoft_answer, standing == nullptr ? "" : microsoft_answer(*standing));
    if (standing != nullptr && !standing->reason.empty()) deal.set(Field::microsoft_reason, standing->reason);
    for (const Field f : {Field::microsoft_crm_id, Field::microsoft_seller}) {
      const auto& value = column(microsoft, info(f).name);
      if (!is_blank(value)) deal.set(f, value);
    }
  }
  return deal;
}

}  // namespace

Deal referral_deal(const Columns& own, const Columns& microsoft) {
  return with_microsoft(deal_from_columns(own), microsoft);
}

namespace {

struct Agreement {
  Deal crm, partner_center;
};

Deal crm_deal(const mapping::Mapping& mapping, const Columns& columns) {
  Deal deal = mapping.read(columns).deal;
  help_implies_visible(mapping, deal);
  return deal;
}

// What images say of an agreement by themselves; without both of them nothing.
Result<Agreement> agreement_in(const Pair& pair, ImageId crm, ImageId partner_center) {
  Agreement agreed;
  if (!crm.valid() || !partner_center.valid()) return agreed;
  auto crm_columns = pair.store->image(crm);
  if (!crm_columns) return crm_columns.error();
  auto pc_columns = pair.store->image(partner_center);
  if (!pc_columns) return pc_columns.error();
  agreed.crm = crm_deal(*pair.mapping, *crm_columns);
  agreed.partner_center = deal_from_columns(*pc_columns);
  return agreed;
}

// A side that does not show a field, because no column is read for it or nobody was asked for help yet, shows as little
// as one where it is empty.
bool says_as_much(const Value* agreed, const Value* shown) {
  if (agreed == nullptr) return shown == nullptr;
  return shown == nullptr ? is_blank(*agreed) : *agreed == *shown;
}

}  // namespace

namespace {

// A field that nobody may read is not empty: it holds, and people are told why.
void add_hidden(const Pair& pair, const store::DealRow& row, std::vector<mapping::ReadDeal::Problem>& problems) {
  const auto mark = row.marks.find(hidden_mark);
  if (mark == row.marks.end()) return;
  std::map<Field, std::set<std::string>> columns;
  for (const std::string& name : text::split(mark->second, ' ')) {
    for (const Field field : pair.mapping->fields_from(name)) columns[field].insert(name.substr(0, name.find('.')));
  }
  for (const auto& [field, names] : columns) {
    problems.push_back({field, "hidden", words::hidden(pair, {names.begin(), names.end()})});
  }
}

}  // namespace

Result<DealView> load_view(const Pair& pair, const store::DealRow& row) {
  DealView view;
  auto& store = *pair.store;
  auto crm = image_or_empty(store, row.crm.image);
  if (!crm) return crm.error();
  auto pc = image_or_empty(store, row.partner_center.image);
  if (!pc) return pc.error();
  auto microsoft = image_or_empty(store, row.microsoft);
  if (!microsoft) return microsoft.error();
  view.crm_columns = std::move(*crm);
  view.partner_center_columns = std::move(*pc);
  view.microsoft_columns = std::move(*microsoft);
  if (row.crm.image.valid()) {
    view.crm = pair.mapping->read(view.crm_columns);
    help_implies_visible(*pair.mapping, view.crm.deal);
    add_hidden(pair, row, view.crm.problems);
  }
  Deal own_referral;
  if (row.partner_center.image.valid()) {
    own_referral = deal_from_columns(view.partner_center_columns);
    view.partner_center = with_microsoft(own_referral, view.microsoft_columns);
    view.inbound = view.partner_center.text(Field::direction) == "Incoming";
  }
  const bool both_agreed_on = row.crm.base.valid() && row.partner_center.base.valid();
  if (both_agreed_on && row.crm.base == row.crm.image && row.partner_center.base == row.partner_center.image) {
    view.base_crm = view.crm.deal;  // most deals, most of the time: what is shown is what was agreed on
    view.base_partner_center = std::move(own_referral);
  } else {
    auto agreed = agreement_in(pair, row.crm.base, row.partner_center.base);
    if (!agreed) return agreed.error();
    view.base_crm = std::move(agreed->crm);
    view.base_partner_center = std::move(agreed->partner_center);
  }
  apply_overrides(row, view.base_crm, view.base_partner_center);
  if (row.crm.changed_at != Instant{}) view.changed_in_crm = row.crm.changed_at;
  if (row.partner_center.changed_at != Instant{}) view.changed_in_partner_center = row.partner_center.changed_at;
  return view;
}

reconcile::Facts DealView::facts() const {
  reconcile::Facts f;
  f.crm = crm.deal;
  f.partner_center = partner_center;
  f.base_crm = base_crm;
  f.base_partner_center = base_partner_center;
  f.changed_in_crm = changed_in_crm;
  f.changed_in_partner_center = changed_in_partner_center;
  for (const auto& problem : crm.problems) f.unreadable_in_crm.insert(problem.field);
  f.shared_with_microsoft = partner_center.flag(Field::visible) || !is_blank(partner_center.get(Field::help));
  return f;
}

namespace {

// Agreed values of single fields lie over the base images in the row's marks.
void remember_base(store::DealRow& row, Field field, const Value& crm, const Value& partner_center) {
  std::string& mark = row.marks[base_prefix + info(field).name];
  mark = "{\"crm\":";
  store::append_value(crm, mark);
  mark += ",\"partner_center\":";
  store::append_value(partner_center, mark);
  mark += '}';
}

bool is_base_mark(const std::string& name) { return name.rfind(base_prefix, 0) == 0; }

void erase_base_marks(store::DealRow& row) {
  std::erase_if(row.marks, [](const auto& mark) { return is_base_mark(mark.first); });
}

// The images become the base, and marks say only where the agreement differs from what they show; false when no mark
// can say that.
bool fold(store::DealRow& row, const Agreement& agreed, const Agreement& shown) {
  store::DealRow folded;
  for (const FieldInfo& field : all_fields()) {
    if (!field.shared) continue;  // never compared
    const Value* crm = agreed.crm.find(field.field);
    const Value* pc = agreed.partner_center.find(field.field);
    if (says_as_much(crm, shown.crm.find(field.field)) && says_as_much(pc, shown.partner_center.find(field.field))) {
      continue;
    }
    if ((crm == nullptr) != (pc == nullptr)) return false;
    if (crm == nullptr) {
      folded.marks[base_prefix + field.name] = "{}";
    } else {
      remember_base(folded, field.field, *crm, *pc);
    }
  }
  erase_base_marks(row);
  row.marks.merge(folded.marks);
  row.crm.base = row.crm.image;
  row.partner_center.base = row.partner_center.image;
  return true;
}

}  // namespace

Result<void> agree_on(const Pair& pair, store::DealRow& row, const std::vector<AgreedField>& fields) {
  const bool any_mark =
      std::any_of(row.marks.begin(), row.marks.end(), [](const auto& mark) { return is_base_mark(mark.first); });
  if (fields.empty() && !any_mark) return {};
  if (row.crm.image.valid() && row.partner_center.image.valid()) {
    auto agreed = agreement_in(pair, row.crm.base, row.partner_center.base);
    if (!agreed) return agreed.error();
    apply_overrides(row, agreed->crm, agreed->partner_center);
    for (const AgreedField& one : fields) {
      agreed->crm.set(one.field, one.crm);
      agreed->partner_center.set(one.field, one.partner_center);
    }
    const auto shown = agreement_in(pair, row.crm.image, row.partner_center.image);
    if (!shown) return shown.error();
    if (fold(row, *agreed, *shown)) return {};
  }
  for (const AgreedField& one : fields) remember_base(row, one.field, one.crm, one.partner_center);
  return {};
}

void advance_base(store::DealRow& row, const DealView& view, const std::set<Field>& open) {
  erase_base_marks(row);
  row.crm.base = row.crm.image;
  row.partner_center.base = row.partner_center.image;
  for (const Field field : open) {
    const Value* crm = view.base_crm.find(field);
    const Value* pc = view.base_partner_center.find(field);
    // A request for help is a record of its own: while there is none, the referral shows no such field.
    const bool never_asked = field == Field::help && pc == nullptr;
    if (crm != nullptr && (pc != nullptr || never_asked)) {
      remember_base(row, field, *crm, never_asked ? Value{} : *pc);
    } else {
      row.marks[base_prefix + info(field).name] = "{}";  // still a first link
    }
  }
}

Result<bool> read_marks_anew(const Pair& pair, const mapping::Mapping& before, store::DealRow& row) {
  const bool any =
      std::any_of(row.marks.begin(), row.marks.end(), [](const auto& mark) { return is_base_mark(mark.first); });
  const ImageId picture = row.crm.base.valid() ? row.crm.base : row.crm.image;
  if (!any || !picture.valid()) return false;
  auto columns = pair.store->image(picture);
  if (!columns) return columns.error();
  const Deal meant = crm_deal(before, *columns);
  const Deal means = crm_deal(*pair.mapping, *columns);
  Deal crm;
  Deal partner_center;
  apply_overrides(row, crm, partner_center);
  bool changed = false;
  for (const auto& [field, agreed] : crm.values()) {
    const Value* old_value = meant.find(field);
    const Value* new_value = means.find(field);
    if (old_value == nullptr || new_value == nullptr || !same_value(*old_value, agreed)) continue;
    if (same_value(*old_value, *new_value)) continue;
    remember_base(row, field, *new_value, partner_center.get(field));
    changed = true;
  }
  return changed;
}

Result<void> read_agreement_anew(const Pair& pair, const mapping::Mapping& before, const store::DealRow& row,
                                 Columns& agrees_with) {
  if (!row.crm.image.valid()) return {};
  auto columns = pair.store->image(row.crm.image);
  if (!columns) return columns.error();
  const Deal meant = crm_deal(before, *columns);
  const Deal means = crm_deal(*pair.mapping, *columns);
  Columns anew;
  for (const auto& [name, agreed] : agrees_with) {
    const auto field = field_from(name);
    const Value* old_value = field ? meant.find(*field) : nullptr;
    const Value* new_value = field ? means.find(*field) : nullptr;
    const bool shows_it = old_value != nullptr && new_value != nullptr && same_value(*old_value, agreed);
    anew[name] = shows_it ? *new_value : agreed;
  }
  agrees_with = std::move(anew);
  return {};
}

bool is_left_to_another(const store::DealRow& row) {
  if (row.state != store::DealState::skipped || row.partner_center.record_id.empty() || is_agreed_on(row)) return false;
  return row.reason == "other_location" || row.reason == "not_selected" || row.reason == "ignored_stage";
}

}  // namespace cosell::engine
