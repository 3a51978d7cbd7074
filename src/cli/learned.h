// What a pilot learnt of a system, kept in a file of the program's own beside the store: a person's configuration is
// never rewritten, and what a person sets there counts more.
#pragma once

#include <string>

#include "base/error.h"
#include "base/json.h"
#include "connectors/pilot.h"

namespace cosell::cli {

// "state/contoso.db" -> "state/contoso.partner-center.json"
std::string learned_file(const std::string& store);

// The part of a configuration with the learnt settings under its own. Without a file: the part itself. A file that
// cannot be read is ErrorClass::config and is named.
Result<json::Value> with_learned(const json::Value& part, const std::string& store);

// Replaces the file as a whole. Only answers that decide a setting are kept as settings.
Result<void> keep_learned(const std::string& store, const PilotReport& report, const std::string& when);

}  // namespace cosell::cli
