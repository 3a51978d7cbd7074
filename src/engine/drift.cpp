// Comparing two lists of stages under a mapping.
#include "engine/drift.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "mapping/inspect.h"

namespace cosell::engine {

namespace {

const std::string baseline_property = "stages.crm";
const std::string drift_property = "drift.crm";
const std::string unreadable_property = "drift.unreadable";
constexpr Duration label_told_for = days(30);

const std::string check_again = ", then: cosell mapping check --live";

std::string in_quotes(const std::string& name) { return "\"" + name + "\""; }

const StageEntry* find_stage(const std::vector<StageEntry>& stages, const std::string& id) {
  const auto it = std::find_if(stages.begin(), stages.end(), [&id](const StageEntry& s) { return s.id == id; });
  return it == stages.end() ? nullptr : &*it;
}

// The mapping's own finding about this stage; nullptr when it fits.
const mapping::FileFinding* finding_about(const std::vector<mapping::FileFinding>& findings, const std::string& code,
                                          const std::string& stage) {
  const auto it = std::find_if(findings.begin(), findings.end(), [&](const mapping::FileFinding& f) {
    return f.code == code && f.message.find(in_quotes(stage)) != std::string::npos;
  });
  return it == findings.end() ? nullptr : &*it;
}

std::string place_of(const mapping::FileFinding& f) { return f.file + ":" + std::to_string(f.line); }

bool is_same_record(const StageEntry& a, const StageEntry& b) { return !a.record.empty() && a.record == b.record; }

// The stage under its new name where the CRM tells that; else one that is new where this one disappeared, with the same
// outcome: most likely its new name.
const StageEntry* new_name_of(const StageEntry& gone, const std::vector<StageEntry>& before,
                              const std::vector<StageEntry>& now) {
  const auto same =
      std::find_if(now.begin(), now.end(), [&gone](const StageEntry& s) { return is_same_record(s, gone); });
  if (same != now.end()) return &*same;
  const auto it = std::find_if(now.begin(), now.end(), [&](const StageEntry& s) {
    const bool same_place = s.position == gone.position && s.closed == gone.closed && s.won == gone.won;
    const bool renamed_from_another =
        std::any_of(before.begin(), before.end(), [&s](const StageEntry& b) { return is_same_record(s, b); });
    return same_place && !renamed_from_another && find_stage(before, s.id) == nullptr;
  });
  return it == now.end() ? nullptr : &*it;
}

// The mapping's line for a stage, in whichever of its tables; nothing when it has none.
std::optional<mapping::StageLine> line_of(const mapping::Mapping& mapping, const std::string& stage) {
  std::vector<std::string> tables = mapping.record_types();
  tables.insert(tables.begin(), "");
  for (const std::string& type : tables) {
    for (const mapping::StageLine& line : mapping::stage_lines(mapping, type)) {
      if (line.crm_stage == stage) return line;
    }
  }
  return std::nullopt;
}

// What one table has to say about a stage that the CRM has no more, or has under another name.
std::string step_for_gone(const mapping::StageLine& line, const StageEntry* renamed, bool is_mapped) {
  const bool own = line.own_file.empty();
  const std::string old = in_quotes(line.crm_stage);
  const std::string place = own ? line.place : line.own_file;
  if (own && renamed == nullptr) return place + ": remove " + old;
  if (own && !is_mapped) return place + ": write " + in_quotes(renamed->id) + " instead of " + old;
  std::vector<std::string> steps;
  if (renamed != nullptr && !is_mapped) {
    steps.push_back("add " + in_quotes(renamed->id) + " under \"stages\" in \"add\", with what " + old + " meant (" +
                    line.meaning + ")");
  }
  if (!line.written_for.empty()) {
    steps.push_back("name " + (renamed == nullptr ? "another stage" : in_quotes(renamed->id)) +
                    " in \"write_back\" for " + text::join(line.written_for, ", "));
  }
  return place + ": " + text::join(steps, ", and ");
}

// The steps of all tables that still have the old name's line, each once; "" when none has anything to do.
std::string steps_for_gone(const mapping::Mapping& mapping, const std::string& stage, const StageEntry* renamed) {
  std::vector<std::string> tables = mapping.record_types();
  tables.insert(tables.begin(), "");
  std::vector<std::string> steps;
  for (const std::string& type : tables) {
    const auto lines = mapping::stage_lines(mapping, type);
    const auto line_for = [&lines](const std::string& name) {
      return std::find_if(lines.begin(), lines.end(),
                          [&name](const mapping::StageLine& l) { return l.crm_stage == name; });
    };
    const auto line = line_for(stage);
    if (line == lines.end()) continue;
    const bool is_mapped = renamed != nullptr && line_for(renamed->id) != lines.end();
    // What is not written any more and has its new name in the table does no harm. The lines of a shipped mapping
    // cannot be taken away.
    const bool settled = is_mapped || (renamed == nullptr && !line->own_file.empty());
    if (settled && line->written_for.empty()) continue;
    std::string step = step_for_gone(*line, renamed, is_mapped);
    if (std::find(steps.begin(), steps.end(), step) == steps.end()) steps.push_back(std::move(step));
  }
  return text::join(steps, "; ");
}

json::Value stages_as_json(const std::vector<StageEntry>& stages) {
  auto list = json::Value::array();
  for (const StageEntry& s : stages) {
    auto o = json::Value::object();
    o.set("id", json::Value::string(s.id));
    o.set("label", json::Value::string(s.label));
    if (!s.record.empty()) o.set("record", json::Value::string(s.record));
    o.set("closed", json::Value::boolean(s.closed));
    o.set("won", json::Value::boolean(s.won));
    o.set("position", json::Value::integer(s.position));
    list.append(std::move(o));
  }
  return list;
}

std::vector<StageEntry> stages_from_json(const json::Value& list) {
  std::vector<StageEntry> stages;
  for (const json::Value& item : list.items()) {
    const auto flag = [&item](const char* name) { return item.find(name) != nullptr && item.find(name)->as_bool(); };
    StageEntry s;
    s.id = item.text_of("id");
    s.label = item.text_of("label");
    s.record = item.text_of("record");
    s.closed = flag("closed");
    s.won = flag("won");
    const json::Value* position = item.find("position");
    if (position != nullptr) s.position = static_cast<int>(position->as_integer().value_or(0));
    stages.push_back(std::move(s));
  }
  return stages;
}

void take_labels(std::vector<StageEntry>& before, const std::vector<StageEntry>& now) {
  for (StageEntry& s : before) {
    if (const StageEntry* present = find_stage(now, s.id)) s.label = present->label;
  }
}

json::Value drift_as_json(const std::vector<Drift>& drift) {
  auto list = json::Value::array();
  for (const Drift& d : drift) {
    auto o = json::Value::object();
    o.set("stage", json::Value::string(d.stage));
    o.set("message", json::Value::string(d.message));
    o.set("next_step", json::Value::string(d.next_step));
    o.set("since", json::Value::string(to_string(d.since)));
    if (d.only_label) o.set("only_label", json::Value::boolean(true));
    list.append(std::move(o));
  }
  return list;
}

}  // namespace

std::vector<Drift> drift_between(const std::vector<StageEntry>& before, const std::vector<StageEntry>& now,
                                 const mapping::Mapping& mapping, const std::string& crm) {
  std::vector<mapping::LiveStage> live;
  for (const StageEntry& s : now) {
    live.emplace_back();
    live.back().id = s.id;
    live.back().label = s.label;
    live.back().active = s.active;
  }
  const auto findings = mapping::check_against_live(mapping, live, {});
  std::vector<Drift> drift;
  for (const StageEntry& old : before) {
    const StageEntry* present = find_stage(now, old.id);
    if (present != nullptr) {
      const auto line = present->label == old.label ? std::nullopt : line_of(mapping, old.id);
      if (!line) continue;
      Drift d;
      d.stage = old.id;
      d.only_label = true;
      d.message = crm + " renamed the stage " + in_quotes(old.label) + " to " + in_quotes(present->label) +
                  "; its value " + in_quotes(old.id) + " stayed, so it is still mapped (" + line->meaning + ").";
      d.next_step = line->own_file.empty()
                        ? line->place + ": correct the comment and, if it means something else now, the value"
                        : "Nothing, unless it means something else now: then say so in " + line->own_file +
                              ", under \"stages\" in \"add\"";
      d.next_step += check_again;
      drift.push_back(std::move(d));
      continue;
    }
    const auto* finding = finding_about(findings, "stage-not-live", old.id);
    if (finding == nullptr) continue;  // the mapping does not use it
    const StageEntry* renamed = new_name_of(old, before, now);
    const std::string steps = steps_for_gone(mapping, old.id, renamed);
    if (steps.empty()) continue;
    Drift d;
    d.stage = old.id;
    if (renamed != nullptr && is_same_record(*renamed, old)) {
      d.message = crm + " renamed the stage " + in_quotes(old.id) + " to " + in_quotes(renamed->id) + ".";
    } else {
      d.message =
          crm + " has no stage " + in_quotes(old.id) + " any more" +
          (renamed == nullptr ? "." : "; in its place is " + in_quotes(renamed->id) + ", probably its new name.");
    }
    d.next_step = steps + check_again;
    drift.push_back(std::move(d));
  }
  for (const StageEntry& stage : now) {
    const StageEntry* old = find_stage(before, stage.id);
    const auto* finding = finding_about(findings, "stage-not-mapped", stage.id);
    if (old != nullptr || finding == nullptr || !stage.active) continue;
    // Under its old name it was told above already.
    const bool told = std::any_of(before.begin(), before.end(), [&](const StageEntry& b) {
      return is_same_record(b, stage) && finding_about(findings, "stage-not-live", b.id) != nullptr;
    });
    if (told) continue;
    Drift d;
    d.stage = stage.id;
    d.message = crm + " has a new stage " + in_quotes(stage.id) + "; deals in it wait.";
    d.next_step = place_of(*finding) + ": " + finding->remedy + check_again;
    drift.push_back(std::move(d));
  }
  return drift;
}

Result<void> note_drift(const Pair& pair, const std::vector<StageEntry>& now) {
  if (now.empty()) return {};
  auto stored = pair.store->property(baseline_property);
  if (!stored) return stored.error();
  auto kept = known_drift(*pair.store);
  if (!kept) return kept.error();
  const auto baseline = json::read(*stored);
  const bool same_mapping = baseline && baseline->text_of("mapping") == pair.mapping->hash();
  const json::Value* stages = baseline ? baseline->find("stages") : nullptr;
  auto before = stages == nullptr ? now : stages_from_json(*stages);
  // An edited file has seen the new names.
  if (!same_mapping) take_labels(before, now);
  std::vector<Drift> drift = drift_between(before, now, *pair.mapping, pair.title(Side::crm));
  for (Drift& d : drift) {
    const auto known =
        std::find_if(kept->begin(), kept->end(), [&d](const Drift& k) { return k.message == d.message; });
    d.since = known == kept->end() ? pair.clock->now() : known->since;
  }
  const bool old_news = std::any_of(drift.begin(), drift.end(), [&](const Drift& d) {
    return d.only_label && pair.clock->now() - d.since >= label_told_for;
  });
  if (old_news) {
    take_labels(before, now);
    std::erase_if(drift, [](const Drift& d) { return d.only_label; });
  }
  // The stages against which the next look is compared: those of the moment when the mapping fitted last.
  const bool fits = std::all_of(drift.begin(), drift.end(), [](const Drift& d) { return d.only_label; });
  if ((!same_mapping && fits) || old_news) {
    auto o = json::Value::object();
    o.set("mapping", json::Value::string(pair.mapping->hash()));
    o.set("stages", stages_as_json(old_news ? before : now));
    if (auto done = pair.store->set_property(baseline_property, json::canonical(o)); !done) return done;
  }
  return pair.store->set_property(drift_property, drift.empty() ? "" : json::canonical(drift_as_json(drift)));
}

Result<std::vector<Drift>> known_drift(store::Store& store) {
  auto stored = store.property(drift_property);
  if (!stored) return stored.error();
  std::vector<Drift> drift;
  const auto list = json::read(*stored);
  if (stored->empty() || !list) return drift;
  for (const json::Value& item : list->items()) {
    Drift d;
    d.stage = item.text_of("stage");
    d.message = item.text_of("message");
    d.next_step = item.text_of("next_step");
    d.since = parse_instant(item.text_of("since")).value_or(Instant{});
    d.only_label = item.find("only_label") != nullptr;
    drift.push_back(std::move(d));
  }
  return drift;
}

Result<bool> more_is_unreadable(store::Store& store, const std::vector<store::StateCount>& states) {
  std::int64_t count = 0;
  for (const store::StateCount& s : states) {
    if (s.reason == "unreadable" || s.reason == "unknown-stage") count += s.deals;
  }
  auto known = store.property(unreadable_property);
  if (!known) return known.error();
  const std::string text = count == 0 ? "" : std::to_string(count);
  if (text == *known) return false;
  if (auto done = store.set_property(unreadable_property, text); !done) return done.error();
  const std::int64_t before = known->empty() ? 0 : std::stoll(*known);
  return count > before;
}

}  // namespace cosell::engine
