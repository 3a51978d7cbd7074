// Reads the stage table and decides, once, which CRM stage is written back for each standard stage and outcome.
#include "mapping/stages.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace cosell::mapping {
namespace {

constexpr std::array<const char*, 11> kTargets = {"10",   "20",       "40",      "60",    "80",     "won",
                                                  "lost", "declined", "expired", "error", "waiting"};

constexpr std::size_t kReasonLength = 255;  // of the bridge's own column, and of every plain text of both CRMs

std::string key_of(std::string_view crm_stage) { return text::nfc(text::trim(crm_stage)); }

std::string quoted_list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "\"" : ", \"") + name + "\"";
  return out;
}

// "20 Qualified", "won"
std::string in_words(const std::string& target) {
  const auto number = parse_number(target);
  if (!number) return target;
  const auto stage = stage_from_percent(std::atoi(number->text.c_str()));
  return stage ? target + " " + stage_title(*stage) : target;
}

bool is_open_target(const std::string& target) { return target.front() >= '0' && target.front() <= '9'; }

}  // namespace

std::string target_name(const StageMeaning& meaning) {
  switch (meaning.kind) {
    case StageMeaning::Kind::open:
      return std::to_string(percent_of(meaning.stage));
    case StageMeaning::Kind::closed:
      return text::lower_ascii(name_of(meaning.outcome));
    case StageMeaning::Kind::waiting:
      return "waiting";
    case StageMeaning::Kind::ignore:
      return "ignore";
  }
  std::abort();
}

std::string stage_in_words(Stage stage, bool assessment) {
  const std::string percent = std::to_string(percent_of(stage)) + " ";
  if (!assessment) return percent + stage_title(stage);
  switch (stage) {
    case Stage::s20:
      return percent + "Letter of engagement";
    case Stage::s40:
      return percent + "Collect data";
    case Stage::s60:
      return percent + "Report";
    case Stage::s80:
      return percent + "Present";
    case Stage::none:
    case Stage::s10:
    case Stage::s100:
      return percent + stage_title(stage);
  }
  std::abort();
}

Stage open_stage(Stage s) {
  if (s == Stage::none) return Stage::s10;
  return s == Stage::s100 ? Stage::s80 : s;
}

void StageTable::read(const Node* stages, Findings& findings) {
  if (stages == nullptr) return;
  at_ = stages->key_at;
  editable_at_ = at_;
  column_ = stages->text_of("column");
  column_at_ = at_;
  if (const Node* column = stages->find("column")) column_at_ = column->at;
  if (const Node* assessment = stages->find("assessment")) assessment_ = assessment->flag;
  if (column_.empty()) {
    findings.error(stages->key_at, "no-stage-column", "\"stages\" does not say which column holds the stage",
                   "add \"column\": \"…\"");
  }
  const Node* map = stages->find("map");
  if (map == nullptr || map->children.empty()) {
    findings.error(stages->key_at, "no-stages", "\"stages\" has no stage table",
                   "add \"map\": { \"CRM stage\": 10, … }");
    return;
  }
  entries_at_ = map->at;
  meanings_.reserve(map->children.size());
  for (const Node& entry : map->children) {
    if (!entry.is_null()) read_entry(entry, findings);
  }
  read_write_back(stages->find("write_back"), findings);
}

void StageTable::read_entry(const Node& entry, Findings& findings) {
  StageMeaning meaning;
  meaning.crm_stage = entry.key;
  meaning.at = entry.key_at;
  const std::string word = entry.is_object() ? entry.text_of("closed") : entry.text;
  if (entry.kind == json::Kind::number) {
    const auto number = parse_number(entry.text);
    const auto stage = number ? stage_from_percent(std::atoi(number->text.c_str())) : std::nullopt;
    if (!stage) return;  // the shape check has named it
    meaning.stage = *stage;
  } else if (word == "waiting") {
    meaning.kind = StageMeaning::Kind::waiting;
  } else if (word == "ignore") {
    meaning.kind = StageMeaning::Kind::ignore;
  } else {
    const auto outcome = substatus_from(word);
    if (!outcome) return;
    meaning.kind = StageMeaning::Kind::closed;
    meaning.outcome = *outcome;
    if (const Node* reason = entry.find("reason")) {
      meaning.reason = read_source(*reason, false);
      if (meaning.reason.max_length == 0) meaning.reason.max_length = kReasonLength;
    }
    check_reason(meaning, findings);
  }
  const auto inserted = by_name_.emplace(key_of(entry.key), meanings_.size());
  if (!inserted.second) {
    findings.error(entry.key_at, "duplicate-stage",
                   "the stage \"" + entry.key +
                       "\" is in the table twice (first: " + findings.place(meanings_[inserted.first->second].at) + ")",
                   "keep one of the two");
    return;
  }
  meanings_.push_back(std::move(meaning));
}

void StageTable::check_reason(const StageMeaning& meaning, Findings& findings) {
  // No partner lets a deal expire (L-4), so nothing of that is sent.
  const bool needed = meaning.outcome != Substatus::won && meaning.outcome != Substatus::expired;
  if (!needed || meaning.reason.has_column() || meaning.reason.constant) return;
  const std::string outcome = target_name(meaning);
  findings.warning(meaning.at, "no-reason",
                   "the stage \"" + meaning.crm_stage + "\" means " + outcome +
                       " and names no column for the reason, which Partner Center needs; deals that are closed with "
                       "it will wait",
                   "write { \"closed\": \"" + outcome + "\", \"reason\": { \"column\": \"…\" } }");
}

void StageTable::read_write_back(const Node* table, Findings& findings) {
  for (const char* target : kTargets) choose(target, table == nullptr ? nullptr : table->find(target), findings);
}

void StageTable::choose(const std::string& target, const Node* written, Findings& findings) {
  std::vector<std::string> candidates;
  for (const StageMeaning& m : meanings_) {
    if (target_name(m) == target) candidates.push_back(m.crm_stage);
  }
  if (written != nullptr) {
    const auto found = by_name_.find(key_of(written->text));
    if (found == by_name_.end()) {
      return findings.error(written->at, "unknown-stage",
                            "\"write_back\" names the stage \"" + written->text + "\", which is not in the stage table",
                            did_you_mean(written->text, names()));
    }
    const StageMeaning& meaning = meanings_[found->second];
    const bool closed_as_lost = meaning.kind == StageMeaning::Kind::closed && meaning.outcome == Substatus::lost;
    const bool gives_up = target == "declined" || target == "expired" || target == "error";
    if (target_name(meaning) != target && !(closed_as_lost && gives_up)) {
      return findings.error(written->at, "no-round-trip",
                            "\"" + written->text + "\" is written back for " + in_words(target) + " but means " +
                                in_words(target_name(meaning)),
                            candidates.empty() ? "map a stage to " + target : "use " + quoted_list(candidates));
    }
    write_back_[target] = found->second;
    return;
  }
  if (candidates.size() == 1) {
    write_back_[target] = by_name_.at(key_of(candidates.front()));
    return;
  }
  if (candidates.size() > 1) {
    const StageMeaning& second = meanings_[by_name_.at(key_of(candidates[1]))];
    return findings.error(second.at, "ambiguous-write-back",
                          quoted_list(candidates) + " all mean " + in_words(target) +
                              "; say which one is written when Partner Center moves there",
                          "add \"write_back\": { \"" + target + "\": \"" + candidates.front() + "\" }");
  }
  const bool usual = is_open_target(target) || target == "won" || target == "lost";
  if (!usual || meanings_.empty()) return;
  findings.warning(at_, "no-write-back",
                   no_stage() + " means " + in_words(target) + "; a deal that moves there in Partner Center will wait",
                   "map a stage to " + (is_open_target(target) ? target : "\"" + target + "\""));
}

std::string StageTable::no_stage() const {
  return record_type_.empty() ? "no CRM stage" : "no CRM stage of \"" + record_type_ + "\"";
}

const StageMeaning* StageTable::find(std::string_view crm_stage) const {
  const auto found = by_name_.find(key_of(crm_stage));
  return found == by_name_.end() ? nullptr : &meanings_[found->second];
}

std::vector<std::string> StageTable::names() const {
  std::vector<std::string> names;
  for (const StageMeaning& m : meanings_) names.push_back(m.crm_stage);
  return names;
}

const StageMeaning* StageTable::by_target(const std::string& target) const {
  const auto found = write_back_.find(target);
  return found == write_back_.end() ? nullptr : &meanings_[found->second];
}

const StageMeaning* StageTable::write_back(Stage stage) const {
  return by_target(std::to_string(percent_of(open_stage(stage))));
}

const StageMeaning* StageTable::write_back(Substatus outcome) const {
  if (const StageMeaning* own = by_target(text::lower_ascii(name_of(outcome)))) return own;
  const bool gave_up = outcome == Substatus::declined || outcome == Substatus::expired || outcome == Substatus::error;
  return gave_up ? by_target("lost") : nullptr;
}

bool StageTable::is_written_back(const StageMeaning& meaning) const {
  return std::any_of(write_back_.begin(), write_back_.end(),
                     [&](const auto& w) { return meanings_[w.second].crm_stage == meaning.crm_stage; });
}

Source read_source(const Node& node, bool part_default) {
  Source source;
  source.at = node.at;
  if (node.is_text()) {
    source.columns.push_back(node.text);
    return source;
  }
  if (const Node* column = node.find("column")) source.columns.push_back(column->text);
  if (const Node* columns = node.find("columns")) {
    for (const Node& c : columns->children) source.columns.push_back(c.text);
  }
  if (const Node* join = node.find("join")) {
    for (const Node& c : join->children) source.columns.push_back(c.text);
    source.joined = true;
  }
  if (const Node* values = node.find("values")) {
    for (const Node& entry : values->children) {
      if (entry.is_null()) continue;
      std::string to = entry.scalar();
      // Several solution ids for one CRM value.
      for (const Node& item : entry.children) to += (to.empty() ? "" : ";") + item.scalar();
      source.table.add(entry.key, std::move(to));
    }
  }
  if (const Node* otherwise = node.find("else")) {
    std::string to = otherwise->scalar();
    for (const Node& item : otherwise->children) to += (to.empty() ? "" : ";") + item.scalar();
    source.otherwise = std::move(to);
  }
  const Node* constant = node.find("constant");
  if (constant != nullptr && !constant->is_array()) source.constant = constant->scalar();
  if (const Node* trim = node.find("trim")) source.trim = trim->flag;
  if (const Node* marks = node.find("strip_marks")) source.strip_marks = marks->flag;
  if (const Node* most = node.find("max_length")) {
    const auto number = parse_number(most->text);
    if (number) source.max_length = static_cast<std::size_t>(std::atol(number->text.c_str()));
  }
  if (const Node* fallback = part_default ? node.find("default") : nullptr) source.fallback = fallback->scalar();
  return source;
}

}  // namespace cosell::mapping
