// Loading a CSV export as opportunities: the plan (which column goes where) is checked before anything is written.
#include "connectors/salesforce/emulator/load.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "connectors/emulator/csv.h"
#include "connectors/salesforce/emulator/load_values.h"
#include "connectors/salesforce/emulator/records.h"

namespace cosell::emulator::salesforce {

namespace {

constexpr int kAssumedDays = 90;
constexpr const char* kFromMicrosoft = "Received from Microsoft";

// Where one field gets its value from: a column, a constant, or the constant where the column is empty.
struct Source {
  std::string object;  // "Opportunity", "Account", "Contact", "Owner", "RecordType"
  std::string field;
  std::optional<std::size_t> column = {};
  std::string constant = {};

  std::string value(const CsvRow& row) const {
    const std::string cell = column ? text::trim(row.cells[*column]) : "";
    return cell.empty() ? constant : cell;
  }
};

Error refused(const std::string& sentence) { return make_error(ErrorClass::config, sentence); }

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string near = text::nearest(word, candidates);
  return near.empty() ? "" : "; did you mean \"" + near + "\"?";
}

class Loader {
 public:
  Loader(State& state, const LoadRequest& request)
      : state_(state), request_(request), writer_{state, request.now, state.person} {
    writer_.set_up = true;
  }

  Result<LoadReport> run() {
    auto file = read_csv(request_.csv);
    if (!file) return file.error();
    file_ = std::move(*file);
    if (const Result<void> planned = plan(); !planned) return planned.error();
    for (const Field& f : new_fields_) add_field(f);
    report_.rows = file_.rows.size();
    take_currencies();
    take_stages();
    take_record_types();
    for (const CsvRow& row : file_.rows) load_row(row);
    return std::move(report_);
  }

 private:
  Result<void> plan() {
    for (const auto& pair : request_.map) {
      const auto column = file_.column(pair.second);
      if (!column) {
        return refused("The file has no column \"" + pair.second + "\" (mapped to " + pair.first + ")" +
                       suggestion(pair.second, file_.header));
      }
      const Result<void> added = source(pair.first, [&](Source& s) { s.column = *column; });
      if (!added) return added;
    }
    for (const auto& pair : request_.set) {
      const Result<void> added = source(pair.first, [&](Source& s) { s.constant = pair.second; });
      if (!added) return added;
    }
    for (const char* needed : {"Name", "StageName"}) {
      if (find("Opportunity", needed) == nullptr) {
        return refused(std::string("Every opportunity needs a ") + needed + ": add --map " + needed +
                       "=COLUMN. Columns of the file: " + text::join(file_.header, ", "));
      }
    }
    if (uses("Account") && find("Account", "Name") == nullptr) {
      return refused("Accounts need a name: add --map Account.Name=COLUMN");
    }
    if (uses("Contact") && find("Contact", "Name") == nullptr && find("Contact", "LastName") == nullptr) {
      return refused("Contacts need a name: add --map Contact.Name=COLUMN or Contact.LastName=COLUMN");
    }
    return {};
  }

  template <class Fill>
  Result<void> source(const std::string& target, Fill fill) {
    const std::size_t dot = target.find('.');
    Source s;
    s.object = dot == std::string::npos ? "Opportunity" : target.substr(0, dot);
    s.field = dot == std::string::npos ? target : target.substr(dot + 1);
    const Result<void> known = check_target(target, s);
    if (!known) return known;
    for (Source& present : sources_) {
      if (present.object != s.object || present.field != s.field) continue;
      fill(present);
      return {};
    }
    fill(s);
    sources_.push_back(std::move(s));
    return {};
  }

  // Finds the field, in the case that the org writes it; plans a new one for an unknown name in __c.
  Result<void> check_target(const std::string& target, Source& s) {
    if (text::equals_ignore_case(s.object, "Owner")) {
      s.object = "Owner";
      s.field = "Name";
      if (text::equals_ignore_case(target, "Owner.Name")) return {};
      return refused("Owners are known by name only: map Owner.Name instead of " + target);
    }
    if (text::equals_ignore_case(s.object, "RecordType")) {
      const bool by_name =
          text::equals_ignore_case(s.field, "DeveloperName") || text::equals_ignore_case(s.field, "Name");
      s.object = "RecordType";
      s.field = "DeveloperName";
      if (by_name) return {};
      return refused("Record types are known by name only: map RecordType.DeveloperName instead of " + target);
    }
    const std::vector<std::string> objects = {"Opportunity", "Account", "Contact"};
    const auto object = std::find_if(objects.begin(), objects.end(),
                                     [&](const std::string& o) { return text::equals_ignore_case(o, s.object); });
    if (object == objects.end()) {
      return refused("Unknown object in " + target +
                     suggestion(s.object, {"Opportunity", "Account", "Contact", "Owner", "RecordType"}));
    }
    s.object = *object;
    const Object& o = state_.model.schema().get(s.object);
    const auto index = o.find(s.field);
    if (!index) return plan_field(target, s, o);
    const Field& f = o.fields[*index];
    s.field = f.name;
    const bool contact_name = s.object == "Contact" && f.name == "Name";
    if (f.createable || contact_name) return {};
    const bool from_stage = f.name == "IsClosed" || f.name == "IsWon" || f.name == "ForecastCategory";
    return refused(target + " cannot be set" + (from_stage ? ": it follows from StageName" : ""));
  }

  Result<void> plan_field(const std::string& target, const Source& s, const Object& o) {
    if (text::ends_with(text::lower_ascii(s.field), "__c")) {
      const bool planned = std::any_of(new_fields_.begin(), new_fields_.end(),
                                       [&](const auto& f) { return text::equals_ignore_case(f.name, s.field); });
      if (!planned) {
        new_fields_.push_back(custom_text(s.field));
        new_field_objects_.push_back(s.object);
      }
      return {};
    }
    std::vector<std::string> names = {"Account.Name", "Owner.Name"};
    for (const Field& f : o.fields) {
      if (f.createable && !f.hidden) names.push_back(s.object == "Opportunity" ? f.name : s.object + "." + f.name);
    }
    return refused("Unknown field " + target + suggestion(target, names));
  }

  void add_field(const Field& field) {
    const std::string& object = new_field_objects_[report_.fields_added.size()];
    state_.model.schema().get(object).add(field);
    report_.fields_added.push_back(object == "Opportunity" ? field.name : object + "." + field.name);
  }

  const Source* find(const std::string& object, const std::string& field) const {
    for (const Source& s : sources_) {
      if (s.object == object && s.field == field) return &s;
    }
    return nullptr;
  }
  bool uses(const std::string& object) const {
    return std::any_of(sources_.begin(), sources_.end(), [&](const Source& s) { return s.object == object; });
  }

  void take_stages() {
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (const CsvRow& row : file_.rows) {
      const std::string name = find("Opportunity", "StageName")->value(row);
      if (!name.empty() && seen.insert(fold(name)).second) names.push_back(name);
    }
    set_stages(state_, stages_from(state_, names), request_.now);
    for (const Stage& s : stages_of(state_)) report_.stages.push_back(s.name);
  }

  // As the API name is written; an export may show the label.
  std::string record_type_of(const CsvRow& row) const {
    const Source* type = find("RecordType", "DeveloperName");
    return type == nullptr ? "" : text::replace_all(type->value(row), " ", "_");
  }

  // An export does not tell what a record type offers: it is taken to offer the stages in which its rows stand, the one
  // for deals that Microsoft sends, and those that close a deal.
  void take_record_types() {
    std::map<std::string, std::set<std::string>> met;
    for (const CsvRow& row : file_.rows) {
      const std::string type = record_type_of(row);
      if (!type.empty()) met[type].insert(fold(find("Opportunity", "StageName")->value(row)));
    }
    if (met.empty()) return;
    std::map<std::string, std::vector<std::string>> offered;
    for (const auto& [type, stages] : met) {
      report_.record_types.push_back(type);
      for (const Stage& s : stages_of(state_)) {
        if (s.closed || s.name == kFromMicrosoft || stages.count(fold(s.name)) > 0) offered[type].push_back(s.name);
      }
    }
    set_record_types(state_, std::move(offered), request_.now);
  }

  void take_currencies() {
    const Source* source = find("Opportunity", "CurrencyIsoCode");
    if (source == nullptr) return;
    auto& codes = state_.settings.currencies;
    for (const CsvRow& row : file_.rows) {
      const std::string code = source->value(row);
      const bool shaped =
          code.size() == 3 && std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
      if (shaped && std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
    }
    apply_visibility(state_, request_.now);
  }

  void skip(const CsvRow& row, const std::string& reason) {
    SkippedRow skipped;
    skipped.line = row.line;
    skipped.reason = reason;
    report_.skipped.push_back(std::move(skipped));
  }

  // The values of one object in a row as a request would carry them.
  tl::expected<Json, std::string> fields_of(const std::string& object, const CsvRow& row) const {
    Json fields = Json::object();
    const Object& o = state_.model.schema().get(object);
    for (const Source& s : sources_) {
      if (s.object != object) continue;
      const std::string value = s.value(row);
      if (value.empty()) continue;
      if (object == "Contact" && s.field == "Name") {
        const std::size_t blank = value.rfind(' ');
        if (blank != std::string::npos) fields["FirstName"] = value.substr(0, blank);
        fields["LastName"] = blank == std::string::npos ? value : value.substr(blank + 1);
        continue;
      }
      auto json = read_cell(o.fields[o.at(s.field)], value);
      if (!json) return tl::unexpected<std::string>(json.error());
      fields[s.field] = std::move(*json);
    }
    return fields;
  }

  // The account of that name, made from this row when it is the first to name it; "" when the row names none.
  tl::expected<std::string, std::string> account_of(const CsvRow& row) {
    const Source* name = find("Account", "Name");
    if (name == nullptr || name->value(row).empty()) return std::string();
    const std::string key = fold(name->value(row));
    if (accounts_.empty()) remember_accounts();
    const auto known = accounts_.find(key);
    if (known != accounts_.end()) return known->second;
    auto fields = fields_of("Account", row);
    if (!fields) return tl::unexpected<std::string>(fields.error());
    const auto made = create_record(writer_, state_.model.schema().get("Account"), *fields);
    if (!made) return tl::unexpected<std::string>("Account: " + made.error().front().message);
    ++report_.accounts;
    return accounts_[key] = made->id;
  }

  void remember_accounts() {
    const Object& o = state_.model.schema().get("Account");
    for (const RowPtr& row : state_.model.table(o).rows()) {
      if (row == nullptr || row->deleted) continue;
      accounts_[fold(std::get<std::string>(row->cell(o.at("Name"))))] = row->id;
    }
  }

  tl::expected<std::string, std::string> contact_of(const CsvRow& row, const std::string& account) {
    if (!uses("Contact")) return std::string();
    auto fields = fields_of("Contact", row);
    if (!fields) return tl::unexpected<std::string>(fields.error());
    if (!fields->contains("LastName")) return std::string();
    if (!account.empty()) (*fields)["AccountId"] = account;
    const std::string key = fold(fields->dump());
    const auto known = contacts_.find(key);
    if (known != contacts_.end()) return known->second;
    const auto made = create_record(writer_, state_.model.schema().get("Contact"), *fields);
    if (!made) return tl::unexpected<std::string>("Contact: " + made.error().front().message);
    ++report_.contacts;
    return contacts_[key] = made->id;
  }

  std::string owner_of(const CsvRow& row) {
    const Source* name = find("Owner", "Name");
    if (name == nullptr || name->value(row).empty()) return "";
    const std::size_t before = state_.model.table("User").rows().size();
    const std::string id = user_named(state_, name->value(row), request_.now);
    report_.users += state_.model.table("User").rows().size() - before;
    return id;
  }

  void load_row(const CsvRow& row) {
    auto fields = fields_of("Opportunity", row);
    if (!fields) return skip(row, fields.error());
    for (const char* needed : {"Name", "StageName"}) {
      if (!fields->contains(needed)) return skip(row, std::string(needed) + " is empty");
    }
    const auto account = account_of(row);
    if (!account) return skip(row, account.error());
    const auto contact = contact_of(row, *account);
    if (!contact) return skip(row, contact.error());
    const std::string owner = owner_of(row);
    if (!account->empty()) (*fields)["AccountId"] = *account;
    if (!contact->empty()) (*fields)["ContactId"] = *contact;
    if (!owner.empty()) (*fields)["OwnerId"] = owner;
    if (const std::string type = record_type_of(row); !type.empty())
      (*fields)["RecordTypeId"] = record_type_id(state_, type);
    const bool assumed = !fields->contains("CloseDate");
    if (assumed) (*fields)["CloseDate"] = to_string(add_days(date_of(request_.now), kAssumedDays));
    const auto made = create_record(writer_, state_.model.schema().get("Opportunity"), *fields);
    if (!made) return skip(row, made.error().front().message);
    ++report_.loaded;
    if (assumed) ++report_.close_dates_assumed;
  }

  State& state_;
  const LoadRequest& request_;
  Writer writer_;
  CsvFile file_;
  std::vector<Source> sources_;
  std::vector<Field> new_fields_;
  std::vector<std::string> new_field_objects_;
  std::map<std::string, std::string> accounts_;
  std::map<std::string, std::string> contacts_;
  LoadReport report_;
};

bool mentions(const std::string& name, const char* word) { return fold(name).find(word) != std::string::npos; }

}  // namespace

std::vector<Stage> stages_from(const State& state, const std::vector<std::string>& names) {
  const std::vector<Stage> before = stages_of(state);
  const auto known = [&](const std::string& name) {
    return std::find_if(before.begin(), before.end(), [&](const Stage& s) { return compare_text(s.name, name) == 0; });
  };
  std::vector<Stage> open;
  std::vector<Stage> closed;
  for (const std::string& name : names) {
    const auto standard = known(name);
    Stage s;
    s.name = name;
    s.won = mentions(name, "won");
    s.closed = s.won || mentions(name, "lost");
    s.probability = s.won ? 100 : 0;
    s.forecast_category = s.won ? "Closed" : s.closed ? "Omitted" : "Pipeline";
    if (standard != before.end()) s = *standard;
    (s.closed ? closed : open).push_back(std::move(s));
  }
  double n = 0;
  for (Stage& s : open) {
    ++n;
    if (known(s.name) == before.end()) s.probability = round_to(90.0 * n / static_cast<double>(open.size() + 1), 0);
  }
  std::vector<Stage> stages;
  const auto add = [&](const Stage& s) {
    const bool present =
        std::any_of(stages.begin(), stages.end(), [&](const Stage& t) { return compare_text(s.name, t.name) == 0; });
    if (!present) stages.push_back(s);
  };
  if (known(kFromMicrosoft) != before.end()) add(*known(kFromMicrosoft));
  for (const Stage& s : open) add(s);
  for (const Stage& s : closed) add(s);
  // Sellers need a way to win and to lose, and rows that are there already keep their stage.
  const auto any = [&](bool won) {
    return std::any_of(closed.begin(), closed.end(), [&](const Stage& s) { return s.won == won; });
  };
  const Object* o = state.model.schema().find("Opportunity");
  for (const Stage& s : before) {
    const bool used =
        std::any_of(state.model.table(*o).rows().begin(), state.model.table(*o).rows().end(), [&](const RowPtr& r) {
          return r != nullptr && !r->deleted && compare_values(r->cell(o->at("StageName")), Value{s.name}) == 0;
        });
    if (used || (s.closed && !any(s.won))) add(s);
  }
  return stages;
}

Result<LoadReport> load_csv(State& state, const LoadRequest& request) { return Loader(state, request).run(); }

}  // namespace cosell::emulator::salesforce
