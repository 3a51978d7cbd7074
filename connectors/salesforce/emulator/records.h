// Writes to records as Salesforce allows them: types, lengths, required fields, picklists, uniqueness, row locks,
// and what an Opportunity derives from its stage. Knows nothing of HTTP.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "connectors/salesforce/emulator/state.h"

namespace cosell::emulator::salesforce {

// Who writes, when, and which rules apply.
struct Writer {
  State& state;
  Instant now;
  std::string user;                    // 15 characters
  bool allow_duplicates = false;       // Sforce-Duplicate-Rule-Header: allowSave=true
  bool set_up = false;                 // loading or seeding: picklists are open, no duplicate or validation rules
  bool person = false;                 // the control API: products may be put on a deal, lock switches do not count
  Transaction* transaction = nullptr;  // open transaction that the write joins
};

struct Written {
  std::string id;  // 15 characters
  bool created = false;
};

// `fields` is the JSON object of the request; "attributes" is skipped.
Outcome<Written> create_record(Writer& writer, const Object& object, const Json& fields);
Outcome<Written> update_record(Writer& writer, const Object& object, const std::string& id15, const Json& fields);
Outcome<Written> delete_record(Writer& writer, const Object& object, const std::string& id15);
// Whether the record is deleted, and can still be shown and brought back.
bool in_recycle_bin(const Row& row, Instant now);
Outcome<Written> undelete_record(Writer& writer, const std::string& id15);

// Records that hold the value in an external-id field, deleted ones left out.
std::vector<RowPtr> find_by_value(const State& state, const Object& object, std::uint16_t field,
                                  const std::string& value);

// A JSON value as the field stores it, or the refusal.
Outcome<Value> coerce(const State& state, const Object& object, const Field& field, const Json& json, bool set_up);

// What a changed opportunity derives: forecast, flags, fiscal period, history. `before` is empty on create.
struct OpportunityChange {
  const Row* before = nullptr;
  Row* after = nullptr;
  bool probability_given = false;
  bool forecast_given = false;
};
void derive_opportunity(const Writer& writer, const OpportunityChange& change);
void record_history(Writer& writer, const Row* before, const Row& after);

}  // namespace cosell::emulator::salesforce
