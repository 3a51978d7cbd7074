// `cosell deals bundle D`: one file that explains a deal to somebody who has nothing else. People are replaced by
// numbers, so that the file may leave the company; secrets are never in it.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <string_view>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/find_deal.h"
#include "cli/private_file.h"
#include "cli/version.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "engine/past.h"
#include "engine/resolve.h"
#include "engine/view.h"
#include "mapping/stored.h"
#include "net/secrets.h"
#include "store/codec.h"

namespace cosell::cli {

namespace {

using store::DealRow;
using store::Side;

bool is_word_byte(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x80 || (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z');
}

// Names, addresses and numbers of people, each with what stands in its place.
class People {
 public:
  void add(const Person& p) {
    for (const std::string& part : {p.email, p.phone, p.first_name + " " + p.last_name, p.last_name, p.first_name}) {
      add(part);
    }
  }
  void add(const std::string& text) {
    const std::string known = text::trim(text);
    if (known.size() < 3 || names_.count(known) > 0) return;
    names_[known] = "(person " + std::to_string(names_.size() + 1) + ")";
  }
  void add_from(const Deal& deal) {
    for (const auto& [field, value] : deal.values()) {
      if (const auto* people = std::get_if<std::vector<Person>>(&value)) {
        for (const Person& p : *people) add(p);
      }
      const bool names_one = field == Field::owner || field == Field::owner_email || field == Field::microsoft_seller;
      if (names_one) add(text_of(value));
    }
  }

  // Whatever looks like an e-mail address, whoever's it is.
  void add_addresses_in(const std::string& text) {
    const auto of_name = [](char c) { return is_word_byte(c) || std::string_view("._%+-'").find(c) != npos; };
    const auto of_domain = [](char c) { return is_word_byte(c) || c == '.' || c == '-'; };
    for (std::size_t at = text.find('@'); at != npos; at = text.find('@', at + 1)) {
      std::size_t begin = at;
      while (begin > 0 && of_name(text[begin - 1])) --begin;
      while (begin < at && !is_word_byte(text[begin])) ++begin;
      std::size_t end = at + 1;
      while (end < text.size() && of_domain(text[end])) ++end;
      while (end > at + 1 && !is_word_byte(text[end - 1])) --end;
      const std::string domain = text::lower_ascii(text.substr(at + 1, end - at - 1));
      // "…@OData.Community.Display.V1.FormattedValue" names a column.
      if (begin < at && domain.find('.') != npos && !text::starts_with(domain, "odata.")) {
        add(text.substr(begin, end - begin));
      }
    }
  }

  // Longest first, so that a name goes before its parts; whole words only.
  std::string hide_in(std::string text) const {
    std::vector<std::string> sorted;
    for (const auto& name : names_) sorted.push_back(name.first);
    std::sort(sorted.begin(), sorted.end(),
              [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
    for (const std::string& name : sorted) {
      std::size_t at = 0;
      while ((at = text.find(name, at)) != std::string::npos) {
        const bool begins = at == 0 || !is_word_byte(text[at - 1]);
        const bool ends = at + name.size() == text.size() || !is_word_byte(text[at + name.size()]);
        if (!begins || !ends) {
          ++at;
          continue;
        }
        const std::string& number = names_.at(name);
        text.replace(at, name.size(), number);
        at += number.size();
      }
    }
    return text;
  }

 private:
  static constexpr auto npos = std::string::npos;
  std::map<std::string, std::string> names_;
};

void find_addresses(const json::Value& v, People& people) {
  if (v.is_string()) people.add_addresses_in(v.text());
  if (v.is_array()) {
    for (const json::Value& item : v.items()) find_addresses(item, people);
  }
  if (v.is_object()) {
    for (const json::Member& member : v.members()) find_addresses(member.value, people);
  }
}

json::Value hidden(const json::Value& v, const People& people) {
  if (v.is_string()) return json::Value::string(net::redact(people.hide_in(v.text())));
  if (v.is_array()) {
    json::Value list = json::Value::array();
    for (const json::Value& item : v.items()) list.append(hidden(item, people));
    return list;
  }
  if (!v.is_object()) return v;
  json::Value object = json::Value::object();
  for (const json::Member& member : v.members()) object.set(member.key, hidden(member.value, people));
  return object;
}

class Bundle {
 public:
  Bundle(Session& session, Workplace& place, DealRow row) : session_(session), place_(place), row_(std::move(row)) {}

  Result<json::Value> make() {
    people_.add(row_.owner);
    people_.add(row_.owner_email);
    bundle_.text("what", "Everything that cosell knows of one deal; people are replaced by numbers.");
    bundle_.text("made_at", to_string_seconds(session_.clock().now())).text("version", version());
    bundle_.text("system", place_.pair().title(Side::crm)).value("deal", json_of(row_));
    for (const auto part : {&Bundle::sides, &Bundle::choices, &Bundle::writes, &Bundle::history, &Bundle::runs}) {
      if (auto done = (this->*part)(); !done) return done.error();
    }
    const json::Value all = bundle_.done();
    find_addresses(all, people_);
    return hidden(all, people_);
  }

 private:
  Result<json::Value> picture(Side side, ImageId id) {
    if (!id.valid()) return json::Value::null();
    auto columns = place_.store().image(id);
    if (!columns) return columns.error();
    if (side == Side::crm) {
      crm_pictures_.push_back(*columns);
    } else {
      people_.add_from(engine::referral_deal(*columns, *columns));
    }
    json::Value object = json::Value::object();
    for (const auto& [name, value] : *columns) object.set(name, store::to_json(value));
    return object;
  }

  Result<void> sides() {
    for (const Side side : {Side::crm, Side::partner_center}) {
      const store::SideState& state = side == Side::crm ? row_.crm : row_.partner_center;
      auto now = picture(side, state.image);
      if (!now) return now.error();
      auto agreed = picture(side, state.base);
      if (!agreed) return agreed.error();
      Object o;
      o.text("id", state.record_id).text("version", state.version).text("changed_at", to_string(state.changed_at));
      o.value("shows", std::move(*now)).value("agreed", std::move(*agreed));
      bundle_.value(store::name_of(side), o.done());
    }
    auto microsoft = picture(Side::partner_center, row_.microsoft);
    if (!microsoft) return microsoft.error();
    bundle_.value("microsoft", std::move(*microsoft));
    Object facts;
    for (const auto& [name, value] : row_.marks) facts.text(name, value);
    bundle_.value("kept_facts", facts.done());
    return {};
  }

  Result<void> choices() {
    auto open = engine::open_choices(place_.pair(), row_);
    if (!open) return open.error();
    json::Value list = json::Value::array();
    for (const auto& one : *open) {
      list.append(Object()
                      .text("field", info(one.field).name)
                      .text("reason", reconcile::name_of(one.reason))
                      .text("crm", display(one.crm))
                      .text("partner_center", display(one.partner_center))
                      .done());
    }
    bundle_.value("to_choose", std::move(list));
    return {};
  }

  Result<void> writes() {
    store::OperationFilter filter;
    filter.deal = row_.id;
    json::Value list = json::Value::array();
    while (true) {
      auto rows = place_.store().operations(filter);
      if (!rows) return rows.error();
      if (rows->empty()) break;
      filter.after = rows->back().id;
      for (const auto& op : *rows) list.append(write(op));
    }
    bundle_.value("writes", std::move(list));
    return {};
  }

  json::Value write(const store::OperationRow& op) {
    json::Value changes = json::Value::object();
    for (const auto& [name, value] : op.changes) changes.set(name, store::to_json(value));
    Object o;
    o.text("id", op.id.value).text("side", store::name_of(op.side)).text("what", op.kind + " " + op.verb);
    o.text("state", store::name_of(op.state)).number("attempts", op.attempts);
    o.text("planned_at", to_string(op.planned_at));
    if (op.sent_at) o.text("sent_at", to_string(*op.sent_at));
    if (op.finished_at) o.text("finished_at", to_string(*op.finished_at));
    if (!op.request_id.empty()) o.text("request_id", op.request_id);
    if (!op.error_class.empty()) {
      o.text("error_class", op.error_class).text("error_code", op.error_rule);
      o.text("error_message", op.error_message).text("error_detail", op.error_detail);
    }
    o.value("changes", std::move(changes));
    return o.done();
  }

  // Every entry, with the pictures that it speaks of.
  Result<void> history() {
    json::Value list = json::Value::array();
    json::Value pictures = json::Value::object();
    std::int64_t after = 0;
    while (true) {
      auto entries = place_.store().history(row_.id, after, 500);
      if (!entries) return entries.error();
      if (entries->empty()) break;
      after = entries->back().sequence;
      for (const auto& entry : *entries) {
        Object o;
        o.number("entry", entry.sequence).text("at", to_string(entry.at)).text("kind", store::name_of(entry.kind));
        o.number("run", entry.run.value).text("summary", entry.summary);
        const auto payload = json::read(entry.payload);
        if (!entry.payload.empty() && payload) o.value("details", *payload);
        list.append(o.done());
        runs_.insert(entry.run.value);
      }
    }
    auto showings = engine::showings(place_.pair(), row_.id);
    if (!showings) return showings.error();
    for (const auto& showing : *showings) {
      people_.add(showing.by);
      const std::string name = std::to_string(showing.image.value);
      if (pictures.find(name) != nullptr) continue;
      auto shown = picture(showing.side, showing.image);
      if (!shown) return shown.error();
      pictures.set(name, std::move(*shown));
    }
    bundle_.value("history", std::move(list)).value("pictures", std::move(pictures));
    return {};
  }

  // Also what stands in fields that are off: their columns may be in the pictures all the same.
  void add_people_as_read_by(const mapping::Mapping& mapping) {
    for (const std::string& text : mapping.people_in({})) people_.add(text);
    for (const Columns& picture : crm_pictures_) {
      people_.add_from(mapping.read(picture).deal);
      for (const std::string& text : mapping.people_in(picture)) people_.add(text);
    }
  }

  // A picture is as the mapping of its time knew it, so each of them tells where people stand in it.
  Result<void> runs() {
    add_people_as_read_by(place_.mapping());
    std::set<std::string> mappings = {place_.mapping().hash()};
    json::Value list = json::Value::array();
    std::string mapping;
    std::string settings;
    auto runs = place_.store().runs(100'000);
    if (!runs) return runs.error();
    for (const auto& run : *runs) {
      if (runs_.count(run.id.value) == 0) continue;
      if (!run.mapping_hash.empty() && mappings.insert(run.mapping_hash).second) {
        auto text = place_.store().mapping_text(run.mapping_hash);
        if (!text) return text.error();
        if (const auto read = mapping::read_stored_mapping(*text); read.mapping) add_people_as_read_by(*read.mapping);
      }
      if (mapping.empty()) {
        auto inputs = place_.store().run_inputs(run.id);
        if (!inputs) return inputs.error();
        if (*inputs) mapping = (*inputs)->mapping_text;
        if (*inputs) settings = (*inputs)->settings_text;
      }
      list.append(Object()
                      .number("run", run.id.value)
                      .text("command", run.command)
                      .text("started_at", to_string(run.started_at))
                      .text("outcome", run.outcome)
                      .text("note", run.note)
                      .text("mapping", run.mapping_hash)
                      .done());
    }
    bundle_.value("runs", std::move(list)).text("mapping_of_the_last_run", mapping).text("settings", settings);
    return {};
  }

  Session& session_;
  Workplace& place_;
  DealRow row_;
  Object bundle_;
  People people_;
  std::vector<Columns> crm_pictures_;
  std::set<std::int64_t> runs_;
};

PairAnswer bundle_pair(Session& session, const PairConfig& config, const std::string& deal, std::string file) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  if (auto opened = (*made)->open_store(StoreMode::shared, false); !opened) {
    return failed(session, &config, opened.error());
  }
  auto row = find_deal((*made)->pair(), deal);
  if (!row) return failed(session, &config, row.error());
  if (file.empty()) file = "deal-" + short_id(*row) + ".json";
  const std::string title = row->title;
  auto bundle = Bundle(session, **made, std::move(*row)).make();
  if (!bundle) return failed(session, &config, bundle.error());
  auto out = file_for_its_owner(file);
  if (!out) return failed(session, &config, out.error());
  errno = 0;
  *out << json::write_pretty(*bundle) << '\n';
  out->close();
  if (!*out) return failed(session, &config, not_written(file));
  session.output.line(title + ": everything that explains it is in " + file +
                      ". People are replaced by numbers; the names of companies and deals are in it.");
  PairAnswer answer;
  answer.json.set("file", json::Value::string(file));
  return answer;
}

}  // namespace

int deals_bundle_command(Session& session, const std::string& pair, const std::string& deal, const std::string& file) {
  return for_each_pair(session, pair_that_knows(session, pair, deal),
                       [&](const PairConfig& config) { return bundle_pair(session, config, deal, file); });
}

}  // namespace cosell::cli
