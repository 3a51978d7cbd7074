// What a cycle did, in a few lines for people and as JSON; and the exit code that follows from it.
#pragma once

#include "cli/session.h"
#include "cli/workplace.h"
#include "engine/cycle.h"

namespace cosell::cli {

int exit_code_of(const engine::CycleReport& report);
// Of a sync as a whole: done, but a person has to look at a mapping file that cannot be used.
int exit_code_of_sync(Workplace& place, const engine::CycleReport& report);
// Why it stopped, with the side's name and, where a person can do something, what.
Error told_stop(Workplace& place, const engine::CycleReport& report);
// What steps may cost, deal by deal.
void print_warnings(Session& session, const engine::CycleReport& report);
void print_sync(Session& session, Workplace& place, const engine::CycleReport& report, Duration took);
json::Value json_of(Workplace& place, const engine::CycleReport& report);
// "API calls: …"
std::string calls_line(const Workplace& place);
// The progress of a cycle, as one line on a terminal.
std::function<void(const engine::Progress&)> progress_of(Session& session);

}  // namespace cosell::cli
