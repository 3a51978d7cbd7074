// What a mapping says, line by line, for people who read or compare mappings. Decides nothing.
#pragma once

#include <string>
#include <vector>

#include "mapping/mapping.h"

namespace cosell::mapping {

struct StageLine {
  std::string crm_stage;
  std::string target;                    // as the file writes it: "20", "won", "waiting", "ignore"
  std::string meaning;                   // for people: "20 Qualified", "closed as won"
  std::string place;                     // "acme.jsonc:14"
  std::string own_file;                  // to write it in, where the place is in a shipped mapping; else ""
  std::vector<std::string> written_for;  // targets for which this CRM stage is written back
};
// In file order. The stages of a record type; "", and one without a table of its own, has the general ones.
std::vector<StageLine> stage_lines(const Mapping& mapping, const std::string& record_type = "");

struct FieldLine {
  FieldRule rule;
  std::string comes_from;  // for people: "Amount with CurrencyIsoCode", "always \"1234567\"", "Owner.Email, else …"
  std::string contents;    // every column, table entry and constant, for comparing; not for people
  std::string place;
};
std::vector<FieldLine> field_lines(const Mapping& mapping);

// Which deals take part, customers, owners, matching and the bridge's columns: everything besides stages and fields.
struct SettingLine {
  std::string what;  // "deals that take part", "column for the state"
  std::string says;  // "StageName is Open or Won"
};
std::vector<SettingLine> setting_lines(const Mapping& mapping);

// "20" -> "20 Qualified", "won" -> "closed as won", "waiting" -> "sent by Microsoft, not answered yet".
std::string meaning_of(const std::string& target);
// The targets that a stage table may name: "10" … "80", "won", "lost", "declined", "expired", "error", "waiting".
const std::vector<std::string>& all_targets();

}  // namespace cosell::mapping
