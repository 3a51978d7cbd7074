// The Mapping class: how a mapping that was read is applied to opportunities and referrals. Stages and the parts that
// belong to no single field are here; single fields are in fields_read.cpp and fields_write.cpp.
#include "mapping/mapping.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "deal/lifecycle.h"
#include "mapping/countries.h"
#include "mapping/data.h"
#include "mapping/match.h"

namespace cosell::mapping {
namespace {

using Problem = ReadDeal::Problem;

std::string shown(const Value& v) { return "\"" + plain_text(v) + "\""; }

// A deal that was received from somebody else.
bool is_inbound(const Deal& referral) {
  return text::equals_ignore_case(text::trim(referral.text(Field::direction)), "Incoming");
}

bool is_email(const std::string& owner) { return owner.find('@') != std::string::npos; }

// Whom the mapping names as owner of a new opportunity, by id or e-mail address: of its location, of its team, of all.
std::vector<std::string> owners_in_order(const NewOwner& rule, const Deal& referral) {
  std::vector<std::string> owners;
  const auto location = rule.by_location.find(text::trim(referral.text(Field::location)));
  if (location != rule.by_location.end()) owners.push_back(location->second);
  if (const auto* team = std::get_if<std::vector<Person>>(&referral.get(Field::team)); team != nullptr && rule.team) {
    for (const Person& member : *team) {
      if (is_email(member.email)) owners.push_back(member.email);
    }
  }
  if (!rule.otherwise.empty()) owners.push_back(rule.otherwise);
  return owners;
}

// What two records are recognised by; read also where it is not kept the same.
bool tells_records_apart(Field f) {
  return f == Field::name || f == Field::customer || f == Field::value || f == Field::close_date;
}

bool writes_to_crm(const FieldRule& rule) {
  return rule.direction == Direction::both || rule.direction == Direction::to_crm;
}

const StageMeaning* stage_meaning(const StageTable& table, const Columns& opportunity) {
  return table.find(plain_text(column(opportunity, table.column())));
}

std::string reason_of(const StageMeaning& meaning, const Columns& columns) {
  if (meaning.reason.constant) return *meaning.reason.constant;
  const TextRead read = read_text(meaning.reason, columns);
  // A reason that the table does not know is still what the seller wrote.
  return text::trim(read.known ? read.text : read.written);
}

Standing standing_of(const StageMeaning& meaning, const Columns& columns) {
  switch (meaning.kind) {
    case StageMeaning::Kind::waiting:
      return {Status::fresh, Substatus::pending, ""};
    case StageMeaning::Kind::closed:
      return {Status::closed, meaning.outcome, reason_of(meaning, columns)};
    case StageMeaning::Kind::open:
    case StageMeaning::Kind::ignore:
      break;
  }
  return {Status::active, Substatus::accepted, ""};
}

// Writes the stage column for a standing and a stage of the other side.
class StageWriter {
 public:
  StageWriter(const StageTable& stages, const Columns& present, const Findings& files, Mapping::Written& out)
      : stages_(stages), files_(files), out_(out) {
    const Value& v = column(present, stages.column());
    if (!is_blank(v)) present_ = stages.find(plain_text(v));
  }

  void write(const Deal& changes) {
    const auto standing = changes.standing();
    if (!standing) return open(changes.stage(), Field::stage);
    switch (standing->status) {
      case Status::fresh:
        return waiting();
      case Status::active:
        return active(changes);
      case Status::closed:
        return closed(*standing);
    }
  }

 private:
  void set(const StageMeaning& meaning) { out_.columns[stages_.column()] = Value(meaning.crm_stage); }

  void problem(Field field, const std::string& what, const std::string& remedy) {
    const std::string type = stages_.record_type().empty() ? "" : " for \"" + stages_.record_type() + "\"";
    out_.problems.push_back({field, "no-write-back",
                             "no stage of " + stages_.column() + type + " means " + what + "; " + remedy + " (" +
                                 files_.place(stages_.at()) + ")"});
  }

  // The stage alone decides between equivalent CRM stages: one that already says it is left alone.
  void open(Stage stage, Field field) {
    const Stage wanted = open_stage(stage);
    const bool same = present_ != nullptr && present_->kind == StageMeaning::Kind::open && present_->stage == wanted;
    if (same) return;
    if (const StageMeaning* back = stages_.write_back(wanted)) return set(*back);
    const std::string percent = std::to_string(percent_of(wanted));
    problem(field, stage_in_words(wanted, stages_.assessment()), "map one to " + percent);
  }

  // Accepted or opened again. Without a reported stage an open CRM stage says enough.
  void active(const Deal& changes) {
    const bool is_open = present_ != nullptr && present_->kind == StageMeaning::Kind::open;
    if (is_open && !changes.shows(Field::stage)) return;
    open(changes.stage(), Field::standing);
  }

  void waiting() {
    if (present_ != nullptr && present_->kind == StageMeaning::Kind::waiting) return;
    if (const StageMeaning* back = stages_.waiting()) return set(*back);
    problem(Field::standing, "sent by Microsoft and not answered", "map one to \"waiting\"");
  }

  void closed(const Standing& standing) {
    const StageMeaning* back = stages_.write_back(standing.substatus);
    const bool is_closed = present_ != nullptr && present_->kind == StageMeaning::Kind::closed;
    const bool same = is_closed && (present_->outcome == standing.substatus ||
                                    (back != nullptr && present_->outcome == back->outcome));
    const std::string outcome = text::lower_ascii(name_of(standing.substatus));
    if (same) return;
    if (back == nullptr) {
      return problem(Field::standing, "closed as " + outcome, "map one to \"" + outcome + "\"");
    }
    set(*back);
    reason(*back, standing.reason);
  }

  // The reason goes where the stage's own reason comes from. One that its table cannot say is left out, and one that is
  // too long is cut: it must not keep the outcome from being written.
  void reason(const StageMeaning& meaning, const std::string& reason) {
    if (reason.empty() || !meaning.reason.is_writable()) return;
    const std::string* back = meaning.reason.table.empty() ? &reason : meaning.reason.table.inverse(reason);
    if (back != nullptr) out_.columns[meaning.reason.columns.front()] = Value(cut(*back, meaning.reason.max_length));
  }

  const StageTable& stages_;
  const Findings& files_;
  Mapping::Written& out_;
  const StageMeaning* present_ = nullptr;
};

}  // namespace

const FieldPlan* Mapping::Data::plan(Field f) const {
  const auto found = std::find_if(plans.begin(), plans.end(), [f](const FieldPlan& p) { return p.rule.field == f; });
  return found == plans.end() ? nullptr : &*found;
}

Mapping::Mapping() : data_(std::make_unique<const Data>()) {}
Mapping::~Mapping() = default;
Mapping::Mapping(Mapping&&) noexcept = default;
Mapping& Mapping::operator=(Mapping&&) noexcept = default;

const std::string& Mapping::text() const { return data_->text; }
const std::string& Mapping::hash() const { return data_->hash; }
std::vector<std::string> Mapping::columns_read() const { return data_->read; }
std::vector<std::string> Mapping::columns_written() const { return data_->written; }
std::vector<Field> Mapping::fields_from(const std::string& column) const {
  std::vector<Field> fields;
  for (const FieldPlan& plan : data_->plans) {
    const std::vector<std::string> columns = plan.columns();
    const bool reads = std::find(columns.begin(), columns.end(), column) != columns.end();
    if (reads && plan.rule.direction != Direction::off) fields.push_back(plan.rule.field);
  }
  return fields;
}
const std::string& Mapping::key_column() const { return data_->key_column; }
const std::string& Mapping::account_column() const { return data_->account_column; }
const std::string& Mapping::stage_column() const { return data_->stages.column(); }
const CustomerRule& Mapping::customer_rule() const { return data_->customer; }
const FieldRule& Mapping::rule(Field f) const { return data_->rules[static_cast<std::size_t>(f)]; }
std::optional<Date> Mapping::counts_later(Field f, Date today) const {
  const FieldPlan* plan = data_->plan(f);
  return plan != nullptr && plan->is_signed_later(today) ? plan->signed_on : std::nullopt;
}
std::string Mapping::column_of(Field f, const std::string& part) const {
  const FieldPlan* plan = data_->plan(f);
  if (plan == nullptr) return rule(f).column;
  const auto first = [](const Source& source) { return source.has_column() ? source.columns.front() : ""; };
  if (plan->kind == FieldKind::customer) {
    if (part.empty()) return data_->account_column;
    const auto found = plan->parts.find(part);
    return found == plan->parts.end() ? "" : first(found->second);
  }
  if (plan->kind == FieldKind::people && part.empty()) {
    // Nobody is there: the record is to be chosen, not a column of it to be filled in.
    return plan->rule.column.substr(0, plan->rule.column.find('.'));
  }
  if (plan->kind == FieldKind::people && !plan->people.empty()) {
    const PersonPlan& person = plan->people.front();
    if (part == "phone") return first(person.phone);
    if (part == "email") return first(person.email);
    if (person.name.has_column()) return first(person.name);
    return first(part == "first_name" ? person.first : person.last);
  }
  if (part == "currency" && !plan->currency_column.empty()) return plan->currency_column;
  return plan->rule.column;
}
Backward Mapping::backward() const { return data_->backward; }
CreateInCrm Mapping::create_in_crm() const { return data_->create_in_crm; }
std::string Mapping::waiting_stage(const Columns& opportunity) const {
  const StageTable& table = opportunity.empty() ? data_->stages.for_new() : data_->stages.of(opportunity);
  const StageMeaning* waiting = table.waiting();
  return waiting == nullptr ? "" : waiting->crm_stage;
}
std::string Mapping::reason_column(const Columns& opportunity) const {
  const StageMeaning* meaning = stage_meaning(data_->stages.of(opportunity), opportunity);
  return meaning == nullptr || !meaning->reason.has_column() ? "" : meaning->reason.columns.front();
}
const std::string& Mapping::owner_column() const { return data_->owner_column; }
std::vector<std::string> Mapping::new_owner_emails(const Deal& referral) const {
  std::vector<std::string> owners = owners_in_order(data_->new_owner, referral);
  const auto id = std::find_if(owners.begin(), owners.end(), [](const std::string& o) { return !is_email(o); });
  owners.erase(id, owners.end());
  return owners;
}
const MatchRule& Mapping::match_rule() const { return data_->matching; }
MatchScore Mapping::match_score(const Deal& opportunity, const Deal& referral) const {
  return score_match(data_->matching, opportunity, referral);
}

Selection Mapping::select_opportunity(const Columns& opportunity) const {
  const StageMeaning* meaning = stage_meaning(data_->stages.of(opportunity), opportunity);
  const bool chosen = data_->select_all || [&] {
    const Value& v = column(opportunity, data_->select_column);
    return std::any_of(data_->select_values.begin(), data_->select_values.end(), [&](const Value& wanted) {
      return same_value(v, wanted) || (!is_blank(v) && plain_text(v) == plain_text(wanted));
    });
  }();
  if (!chosen) {
    const bool tick = data_->select_values.size() == 1 && data_->select_values.front() == Value(true);
    const Value& v = column(opportunity, data_->select_column);
    return {false, "not_selected",
            data_->select_column + (tick ? " is not ticked" : " is " + (is_blank(v) ? "empty" : shown(v)))};
  }
  if (meaning != nullptr && meaning->kind == StageMeaning::Kind::ignore) {
    return {false, "ignored_stage",
            "deals in \"" + meaning->crm_stage + "\" are left out (" + data_->files.place(meaning->at) + ")"};
  }
  return {true, "", ""};
}

Selection Mapping::select_referral(const Deal& referral) const {
  if (data_->locations.empty()) return {true, "", ""};
  const std::string location = text::trim(referral.text(Field::location));
  if (data_->locations.contains(location)) return {true, "", ""};
  return {false, "other_location",
          location.empty() ? "the referral has no location" : "location " + location + " does not belong to this pair"};
}

const std::set<std::string>& Mapping::locations() const { return data_->locations; }

std::set<std::string> Mapping::locations_of_new_referrals() const {
  std::set<std::string> out;
  const FieldPlan* plan = data_->plan(Field::location);
  if (plan == nullptr) return out;
  const auto add = [&out](const Source& source) {
    if (source.constant) out.insert(text::trim(*source.constant));
    if (source.otherwise) out.insert(text::trim(*source.otherwise));
    for (const auto& [from, to] : source.table.entries()) out.insert(text::trim(to));
  };
  add(plan->source);
  if (plan->fallback) {
    add(plan->fallback->table());
    if (plan->fallback->columns().empty()) {
      if (const auto fixed = plan->fallback->evaluate({}, Date{})) out.insert(text::trim(*fixed));
    }
  }
  out.erase("");
  return out;
}

bool Mapping::appears_in_crm(const Deal& referral) const {
  const auto standing = referral.standing();
  // What was closed before the two sides met stays where it is.
  if (!standing || standing->status == Status::closed || !select_referral(referral).takes_part) return false;
  switch (data_->create_in_crm) {
    case CreateInCrm::all:
      return true;
    case CreateInCrm::none:
      return false;
    case CreateInCrm::inbound:
      return is_inbound(referral);
  }
  std::abort();
}

ReadDeal Mapping::read(const Columns& opportunity) const {
  ReadDeal out;
  const StageTable& table = data_->stages.of(opportunity);
  const Value& stage = column(opportunity, table.column());
  const StageMeaning* meaning = stage_meaning(table, opportunity);
  if (meaning == nullptr) {
    const std::string remedy = did_you_mean(plain_text(stage), table.names());
    const std::string type = table.record_type().empty() ? "" : " of \"" + table.record_type() + "\"";
    const std::string what = is_blank(stage) ? " is empty" : " " + shown(stage) + " is not in the stage table" + type;
    out.problems.push_back({Field::stage, "unknown-stage",
                            table.column() + what + " (" + data_->files.place(table.editable_at()) + ")" +
                                (remedy.empty() ? "" : "; " + remedy)});
  } else if (meaning->kind == StageMeaning::Kind::ignore) {
    out.problems.push_back({Field::stage, "ignored-stage",
                            "deals in " + shown(stage) + " are left out (" + data_->files.place(meaning->at) + ")"});
  } else {
    out.deal.set(Field::standing, standing_of(*meaning, opportunity));
    const bool open = meaning->kind == StageMeaning::Kind::open;
    out.deal.set(Field::stage, open ? meaning->stage : Stage::none);
  }
  for (const FieldPlan& plan : data_->plans) {
    const bool off = plan.rule.direction == Direction::off;
    if (!plan.reads_columns() || (off && !tells_records_apart(plan.rule.field))) continue;
    // A picture from before the mapping read its columns says nothing of a field, not even that it is empty.
    if (!plan.is_shown_by(opportunity)) continue;
    FieldRead field = read_field(plan, opportunity, data_->files);
    // What is never sent keeps no deal back.
    if (field.problem && !off) out.problems.push_back(*std::move(field.problem));
    out.deal.set(plan.rule.field, std::move(field.value));
  }
  // A stage table for assessments says the type, too (T-5).
  if (table.assessment() && is_blank(out.deal.get(Field::type))) {
    out.deal.set(Field::type, std::string(name_of(DealType::assessment)));
  }
  const auto shown_as = [&](Field f, const std::string& name) {
    if (!name.empty()) out.deal.set(f, column(opportunity, name));
  };
  shown_as(Field::owner, data_->owner_name_column);
  shown_as(Field::owner_email, data_->owner_email_column);
  return out;
}

std::vector<std::string> Mapping::people_in(const Columns& opportunity) const {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name, const std::string& text) {
    if (!name.empty()) out.push_back(plain_text(column(opportunity, name)));
    if (!text.empty()) out.push_back(text);
  };
  for (const FieldPlan& plan : data_->plans) {
    if (plan.kind == FieldKind::people) {
      for (const PersonPlan& person : plan.people) {
        for (const Source* part : {&person.first, &person.last, &person.name, &person.phone, &person.email}) {
          for (const std::string& name : part->columns) add(name, "");
          add("", part->constant.value_or(""));
        }
      }
      const FieldRead read = read_field(plan, opportunity, data_->files);
      if (const auto* people = std::get_if<std::vector<Person>>(&read.value)) {
        for (const Person& p : *people) {
          for (const std::string& part : {p.first_name + " " + p.last_name, p.first_name, p.last_name}) add("", part);
        }
      }
    }
    add("", plan.signed_by);
  }
  add(data_->owner_name_column, "");
  add(data_->owner_email_column, "");
  add("", data_->new_owner.otherwise);
  for (const auto& [location, owner] : data_->new_owner.by_location) add("", owner);
  return out;
}

Deal Mapping::complete_for_create(Deal deal, const Columns& opportunity, Date today) const {
  for (const FieldPlan& plan : data_->plans) {
    const Field f = plan.rule.field;
    // What a mapping keeps in the CRM is not told to Partner Center with a new referral either (R-9, T-8).
    if (!plan.sends_columns_at_creation()) deal.erase(f);
    if (plan.rule.direction == Direction::off || !is_blank(deal.get(f))) continue;
    Value value = value_for_create(plan, opportunity, today);
    if (!is_blank(value)) deal.set(f, std::move(value));
  }
  return deal;
}

Mapping::Written Mapping::write(const Deal& changes, const Columns& present) const {
  Written out;
  if (changes.shows(Field::standing) || changes.shows(Field::stage)) {
    StageWriter(data_->stages.of(present), present, data_->files, out).write(changes);
  }
  for (const auto& [field, value] : changes.values()) {
    if (field == Field::standing || field == Field::stage) continue;
    if (const FieldPlan* plan = data_->plan(field)) {
      write_field(*plan, value, present, data_->files, out);
    } else {
      out.problems.push_back(
          {field, "no-column", std::string("the mapping has no column for the ") + info(field).label});
    }
  }
  return out;
}

Mapping::Written Mapping::create_opportunity(const Deal& referral, const std::string& account, Date today) const {
  Written out;
  out.columns = data_->new_opportunity;
  if (!data_->select_column.empty() && !data_->select_values.empty()) {
    out.columns[data_->select_column] = data_->select_values.front();
  }
  Deal stage;
  if (const auto standing = referral.standing()) stage.set(Field::standing, *standing);
  stage.set(Field::stage, referral.stage());
  StageWriter(data_->stages.for_new(), {}, data_->files, out).write(stage);

  for (const FieldPlan& plan : data_->plans) {
    const Field f = plan.rule.field;
    // No CRM takes an opportunity without name and date, whatever their direction is afterwards.
    const bool always = f == Field::name || f == Field::close_date;
    const bool wanted = writes_to_crm(plan.rule) || (always && plan.rule.direction != Direction::off);
    if (!wanted || !plan.source.is_writable()) continue;
    Value value = referral.get(f);
    if (same_value(value, Value())) value = value_for_create(plan, out.columns, today);
    if (!same_value(value, Value())) write_field(plan, value, {}, data_->files, out);
  }
  if (!account.empty() && !data_->account_column.empty()) out.columns[data_->account_column] = Value(account);
  for (const std::string& owner : owners_in_order(data_->new_owner, referral)) {
    if (!is_email(owner)) out.columns.add_missing({{data_->owner_column, Value(owner)}});
  }
  const std::string referral_id = referral.text(Field::referral_id);
  if (!referral_id.empty()) out.columns[data_->key_column] = Value(referral_id);
  return out;
}

Columns Mapping::account_match(const Customer& customer) const {
  Columns out;
  if (text::trim(customer.name).empty()) return out;
  const Columns all = account_record(customer);
  for (const std::string& part : data_->customer.match) {
    const auto target = data_->record.find(part);
    if (target == data_->record.end()) continue;
    const auto found = all.find(target->second.column);
    if (found != all.end()) out[found->first] = found->second;
  }
  return out;
}

Columns Mapping::account_record(const Customer& customer) const {
  Columns out;
  for (const auto& [part, target] : data_->record) {
    std::string text = part_of(customer, part);
    if (target.country_as_name) text = country_name(text);
    if (!text::trim(text).empty()) out[target.column] = Value(std::move(text));
  }
  return out;
}

Columns Mapping::seller_columns(const SellerView& view) const {
  Columns out;
  const auto add = [&](const char* name, Value v) {
    const auto found = data_->bridge.find(name);
    if (found != data_->bridge.end()) out[found->second] = std::move(v);
  };
  const auto text = [](const std::string& s) { return s.empty() ? Value() : Value(s); };
  add("state", text(view.state));
  add("message", text(view.message));
  add("since", view.since ? Value(*view.since) : Value());
  add("referral_id", text(view.referral_id));
  add("link", text(view.link));
  add("microsoft_answer", text(view.microsoft_answer));
  add("microsoft_reason", text(view.microsoft_reason));
  add("microsoft_crm_id", text(view.microsoft_crm_id));
  add("registration", text(view.registration));
  return out;
}

// --- names

const char* name_of(Direction d) {
  switch (d) {
    case Direction::both:
      return "both";
    case Direction::to_partner_center:
      return "to_partner_center";
    case Direction::to_crm:
      return "to_crm";
    case Direction::off:
      return "off";
  }
  std::abort();
}

const char* name_of(ConflictRule r) {
  switch (r) {
    case ConflictRule::crm:
      return "crm";
    case ConflictRule::partner_center:
      return "partner_center";
    case ConflictRule::furthest_stage:
      return "furthest_stage";
    case ConflictRule::latest:
      return "latest";
    case ConflictRule::prefer_crm_unless_blank:
      return "prefer_crm_unless_blank";
    case ConflictRule::ask:
      return "ask";
  }
  std::abort();
}

const char* name_of(FirstLink f) {
  switch (f) {
    case FirstLink::crm:
      return "crm";
    case FirstLink::partner_center:
      return "partner_center";
    case FirstLink::ask:
      return "ask";
  }
  std::abort();
}

const char* name_of(Backward b) {
  switch (b) {
    case Backward::hold:
      return "hold";
    case Backward::follow:
      return "follow";
    case Backward::ignore:
      return "ignore";
  }
  std::abort();
}

std::string to_string(const FileFinding& f) {
  std::string out = f.file + ":" + std::to_string(f.line) + ":" + std::to_string(f.column) + ": " +
                    (f.severity == FileFinding::Severity::error ? "" : "warning: ") + f.message;
  return f.remedy.empty() ? out : out + "; " + f.remedy;
}

}  // namespace cosell::mapping
