// The read position of a pull, as text that the engine keeps without looking inside.
//
// It is the link that the server gave for what comes next: the following page of a read, or the changes since the last
// one. It belongs to one organisation and one set of columns, and it carries the types of the organisation's own
// columns, so that a new process need not ask for them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/strong.h"
#include "base/time.h"
#include "connectors/dynamics365/dynamics365_process.h"
#include "connectors/dynamics365/dynamics365_schema.h"

namespace cosell::dynamics365 {

struct ReadPosition {
  std::string shape;                             // of the columns
  std::string environment;                       // organisation and host
  Facts facts;                                   // of columns that are not standard
  std::string link;                              // path and query; empty: a first read begins
  bool full_listing = true;                      // the present read lists everything
  int rows_that_fit = 0;                         // of the pages of the present read, where one was too large; else 0
  MovesKnown moves;                              // of business processes, where the stage stands in them
  std::map<std::string, std::string> secured;    // columns under column security, with their ids
  std::map<std::string, Instant> shown_secured;  // ids of those of them that showed something, and when last
};

std::string shape_of(std::vector<std::string> columns, const Dynamics365Settings& settings);
Cursor write_cursor(const ReadPosition& position);
// `cursor_invalid` when the text is damaged or made by another version.
Result<ReadPosition> read_cursor(const Cursor& cursor);

// Whether a position made in `then` can be used in `now`; a part that either does not know is not compared.
bool same_environment(const std::string& then, const std::string& now);

}  // namespace cosell::dynamics365
