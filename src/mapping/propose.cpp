// Guesses, and writes them down as a file that reads well.
#include "mapping/propose.h"

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/text.h"
#include "mapping/shipped.h"

namespace cosell::mapping {

namespace {

struct Guess {
  std::string target;  // "40", "won"
  std::string why;
};

std::string json_text(const std::string& s) { return json::write(json::Value::string(s)); }

// Where the base keeps why a deal was lost; "" when it names no column for it.
std::string reason_column_of(const std::string& base) {
  const Loaded loaded = read_mapping(base, std::string(shipped_mapping(base)), {});
  if (!loaded.mapping) return "";
  for (const std::string& stage : loaded.mapping->mapped_stages()) {
    std::string column = loaded.mapping->reason_column({{loaded.mapping->stage_column(), Value(stage)}});
    if (!column.empty()) return column;
  }
  return "";
}

// As the file writes it. Partner Center closes no deal as lost without a reason, and a table of one's own takes nothing
// over from the base's.
std::string written(const std::string& target, const std::string& reason_column) {
  if (parse_number(target)) return target;
  if (target != "lost" || reason_column.empty()) return json_text(target);
  return "{ \"closed\": \"lost\", \"reason\": { \"column\": " + json_text(reason_column) + " } }";
}

// On one line, as a comment has to be.
std::string label_of(const LiveStage& stage) {
  std::string label = stage.label.empty() ? stage.id : stage.label;
  std::replace_if(
      label.begin(), label.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return label;
}

// "Purchase order received" is no beginning: the CRM itself counts on the deal by then.
bool sounds_like_waiting(const LiveStage& stage) {
  constexpr int at_most_percent = 20;
  if (stage.probability && *stage.probability > at_most_percent) return false;
  const std::string label = text::lower_ascii(label_of(stage));
  return label.find("microsoft") != std::string::npos || label.find("received") != std::string::npos;
}

// By order alone: the open stages spread over 10, 20, 40, 60, 80.
Stage by_order(std::size_t index, std::size_t count) {
  static constexpr Stage ladder[] = {Stage::s10, Stage::s20, Stage::s40, Stage::s60, Stage::s80};
  if (count <= 1) return Stage::s10;
  return ladder[std::min<std::size_t>(4, index * 5 / count)];
}

bool is_waiting(const LiveStage& stage) {
  return !stage.won && !stage.closed && (stage.first || sounds_like_waiting(stage));
}

std::vector<Guess> guesses_for(const std::vector<LiveStage>& stages) {
  const auto open = [](const LiveStage& s) { return !s.closed && !s.won && !is_waiting(s); };
  const auto open_count = static_cast<std::size_t>(std::count_if(stages.begin(), stages.end(), open));
  std::vector<Guess> guesses;
  std::size_t index = 0;
  for (const LiveStage& s : stages) {
    if (s.won) {
      guesses.push_back({"won", "the CRM counts it as won"});
    } else if (s.closed) {
      guesses.push_back({"lost", "the CRM counts it as closed and not won"});
    } else if (is_waiting(s)) {
      guesses.push_back({"waiting", s.first ? "every new opportunity begins here, those for deals of Microsoft too"
                                            : "from its name: deals that Microsoft sent and nobody answered"});
    } else {
      const std::size_t position = index++;
      const Stage stage = s.probability ? stage_at_or_below(*s.probability) : by_order(position, open_count);
      const std::string percent = std::to_string(std::min(80, percent_of(stage)));
      guesses.push_back({percent, s.probability ? "from its probability, " + std::to_string(*s.probability) + " %"
                                                : "from its place, " + std::to_string(position + 1) + " of " +
                                                      std::to_string(open_count) + " open stages"});
    }
  }
  return guesses;
}

// The members "map" and, where several stages mean the same, "write_back", without the last line end.
std::string table_text(const std::vector<LiveStage>& stages, const std::string& reason_column,
                       const std::string& indent) {
  const std::vector<Guess> guesses = guesses_for(stages);
  std::string out = indent + "\"map\": {\n";
  std::map<std::string, std::vector<std::string>> by_target;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const std::string comma = i + 1 < stages.size() ? "," : "";
    const std::string label = label_of(stages[i]) == stages[i].id ? "" : label_of(stages[i]) + "; ";
    out += indent + "  " + json_text(stages[i].id) + ": " + written(guesses[i].target, reason_column) + comma +
           "  // " + label + "REVIEW: " + guesses[i].why + "\n";
    by_target[guesses[i].target].push_back(stages[i].id);
  }
  out += indent + "}";
  std::vector<std::string> backs;
  for (const auto& [target, names] : by_target) {
    if (names.size() < 2) continue;
    backs.push_back(indent + "  " + json_text(target) + ": " + json_text(names.front()));
  }
  if (backs.empty()) return out;
  return out + ",\n" + indent +
         "// Several stages mean the same; this one is written when Partner Center moves there. REVIEW\n" + indent +
         "\"write_back\": {\n" + text::join(backs, ",\n") + "\n" + indent + "}";
}

// A record type that offers every stage needs no table of its own.
std::string tables_of_types(const Proposal& proposal, const std::vector<LiveStage>& stages,
                            const std::string& reason_column) {
  std::map<std::string, std::vector<LiveStage>> offered;
  for (const LiveStage& s : stages) {
    for (const std::string& type : s.record_types) offered[type].push_back(s);
  }
  std::vector<std::string> tables;
  for (const auto& [type, of_type] : offered) {
    if (of_type.size() == stages.size()) continue;
    tables.push_back("        " + json_text(type) + ": {\n" + table_text(of_type, reason_column, "          ") +
                     "\n        }");
  }
  if (tables.empty()) return "";
  return ",\n    // Record types that offer some of the stages only. The table above is for all others.\n"
         "    \"by\": {\n      \"column\": " +
         json_text(proposal.record_type_column) + ",\n      \"tables\": {\n" + text::join(tables, ",\n") +
         "\n      }\n    }";
}

}  // namespace

std::string propose_mapping(const Proposal& proposal) {
  std::vector<LiveStage> stages;
  std::copy_if(proposal.stages.begin(), proposal.stages.end(), std::back_inserter(stages),
               [](const LiveStage& s) { return s.active; });

  const std::string reason_column = reason_column_of(proposal.base);
  std::string out = "// Proposed from the stages that " + proposal.crm_name +
                    " has now. Each line marked REVIEW is a guess: correct it, then delete the mark.\n"
                    "// Afterwards: cosell mapping check --live\n{\n";
  if (!proposal.schema.empty()) out += "  \"$schema\": " + json_text(proposal.schema) + ",\n";
  out += "  \"extends\": " + json_text(proposal.base) + ",\n  \"stages\": {\n" +
         table_text(stages, reason_column, "    ") + tables_of_types(proposal, stages, reason_column);
  out +=
      "\n  },\n  \"fields\": {\n"
      "    \"close_date\": { \"default\": \"today + 90d\" },  // used once, for a new referral without a date. REVIEW\n"
      "    \"marketplace_intent\": { \"default\": \"HaveNotDecided\" }  // where the seller says nothing. REVIEW\n"
      "    // Nobody can guess these; take the comment away and fill them in:\n"
      "    // , \"location\": { \"constant\": \"your PartnerID location\" }\n"
      "    // , \"consent_contact\": { \"statement\": \"how customers agree\", \"signed_by\": \"name\", \"date\": "
      "\"2026-01-31\" }\n  }\n}\n";
  if (std::none_of(stages.begin(), stages.end(), [](const LiveStage& s) { return is_waiting(s); })) {
    out =
        "// No stage looks like the one for deals that Microsoft sent and nobody answered yet: add one to the CRM and "
        "map it to \"waiting\".\n" +
        out;
  }
  return out;
}

}  // namespace cosell::mapping
