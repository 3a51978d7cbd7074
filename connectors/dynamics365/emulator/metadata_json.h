// Tables, columns, choices and keys in the JSON of the metadata resources.
#pragma once

#include <string>

#include "connectors/dynamics365/emulator/state.h"

namespace cosell::emulator::dynamics365 {

Json table_json(const State& state, const Table& table);
// `derived`: with the properties of the column's own type (MaxLength, Format, …).
Json column_json(const State& state, const Table& table, const Column& column, bool derived);
Json option_set_json(const State& state, const Table& table, const Column& column);
// Not when one of its columns behaves as if it did not exist.
bool is_key_visible(const Table& table, const AlternateKey& key);
Json key_json(const State& state, const Table& table, const AlternateKey& key);
// What a column's MetadataId is made of.
std::string column_id(const std::string& table, const std::string& column);
// "PicklistAttributeMetadata"
std::string metadata_type(const Column& column);

}  // namespace cosell::emulator::dynamics365
