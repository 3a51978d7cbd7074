// Loading and advancing what a deal's two sides show and agreed on.
#include "engine/view.h"

#include "base/json.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

const std::string base_prefix = "base.";

Result<Columns> image_or_empty(store::Store& store, ImageId id) {
  if (!id.valid()) return Columns{};
  return store.image(id);
}

// Microsoft's answer in words that the CRM shows (M-0).
std::string answer_of(const Columns& microsoft) {
  const auto* standing = std::get_if<Standing>(&column(microsoft, info(Field::standing).name));
  if (standing == nullptr) return "";
  switch (standing->substatus) {
    case Substatus::pending:
    case Substatus::received:
      return "waiting";
    case Substatus::accepted:
    case Substatus::won:
    case Substatus::lost:
      return "accepted";
    case Substatus::declined:
      return "declined";
    case Substatus::expired:
      return "expired";
    case Substatus::error:
      return "closed";
  }
  return "";
}

void apply_overrides(const store::DealRow& row, Deal& base_crm, Deal& base_pc) {
  for (const auto& [name, text] : row.marks) {
    if (name.rfind(base_prefix, 0) != 0) continue;
    const auto field = field_from(name.substr(base_prefix.size()));
    const auto parsed = json::read(text);
    if (!field || !parsed) continue;
    base_crm.erase(*field);
    base_pc.erase(*field);
    const auto* crm = parsed->find("crm");
    const auto* pc = parsed->find("partner_center");
    if (crm == nullptr || pc == nullptr) continue;
    auto crm_value = store::value_from_json(*crm);
    auto pc_value = store::value_from_json(*pc);
    if (!crm_value || !pc_value) continue;
    base_crm.set(*field, *crm_value);
    base_pc.set(*field, *pc_value);
  }
}

// T-6: asking for help shows the deal to Microsoft, whatever the second answer says.
void help_implies_visible(Deal& deal) {
  if (!is_blank(deal.get(Field::help))) deal.set(Field::visible, true);
}

}  // namespace

Deal referral_deal(const Columns& own, const Columns& microsoft) {
  Deal deal = deal_from_columns(own);
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
    deal.set(Field::microsoft_answer, answer_of(microsoft));
    const auto* standing = std::get_if<Standing>(&column(microsoft, info(Field::standing).name));
    if (standing != nullptr && !standing->reason.empty()) deal.set(Field::microsoft_reason, standing->reason);
    for (const Field f : {Field::microsoft_crm_id, Field::microsoft_seller}) {
      const auto& value = column(microsoft, info(f).name);
      if (!is_blank(value)) deal.set(f, value);
    }
  }
  return deal;
}

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
    help_implies_visible(view.crm.deal);
  }
  if (row.partner_center.image.valid()) {
    view.partner_center = referral_deal(view.partner_center_columns, view.microsoft_columns);
    view.inbound = view.partner_center.text(Field::direction) == "Incoming";
  }
  auto base_crm = image_or_empty(store, row.crm.base);
  if (!base_crm) return base_crm.error();
  auto base_pc = image_or_empty(store, row.partner_center.base);
  if (!base_pc) return base_pc.error();
  if (row.crm.base.valid() && row.partner_center.base.valid()) {
    view.base_crm = pair.mapping->read(*base_crm).deal;
    help_implies_visible(view.base_crm);
    view.base_partner_center = deal_from_columns(*base_pc);
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

void remember_base(store::DealRow& row, Field field, const Value& crm, const Value& partner_center) {
  auto object = json::Value::object();
  object.set("crm", store::to_json(crm));
  object.set("partner_center", store::to_json(partner_center));
  row.marks[base_prefix + info(field).name] = json::canonical(object);
}

void advance_base(store::DealRow& row, const DealView& view, const std::set<Field>& open) {
  for (auto it = row.marks.begin(); it != row.marks.end();) {
    it = it->first.rfind(base_prefix, 0) == 0 ? row.marks.erase(it) : std::next(it);
  }
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

std::optional<Instant> mark_time(const store::DealRow& row, const std::string& name) {
  const auto it = row.marks.find(name);
  if (it == row.marks.end()) return std::nullopt;
  return parse_instant(it->second);
}

void set_mark_time(store::DealRow& row, const std::string& name, Instant at) { row.marks[name] = to_string(at); }

}  // namespace cosell::engine
