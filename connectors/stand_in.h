// What a sandbox needs to stand in for a system: the emulator with what can be loaded into it, the part of a
// configuration that leads to it, and the throw-away secrets that the part names. Each emulator's folder fills it in.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "base/time.h"
#include "connectors/emulator/emulator.h"

namespace cosell {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What a sandbox's stand-in hands out and loads.
struct StandIn {
  std::unique_ptr<emulator::Emulator> core;
  struct Loaded {
    std::size_t rows = 0;
    std::size_t deals = 0;
    std::vector<std::string> notes;  // for people: stages found, rows left out and why
  };
  // Loads a CSV export as deals; empty for a system that has none.
  std::function<Result<Loaded>(const std::string& csv, const Pairs& map, const Pairs& set, Clock&, Random&)> load_csv;
  std::function<void(std::size_t deals, Clock&, Random&)> seed;
  // Registers the certificate with the app that logs in; empty for a system without such a login.
  std::function<void(const std::string& certificate_pem)> register_certificate;
};

struct SandboxFile {
  std::string path;  // below the sandbox's folder
  std::string text;
};

// How a sandbox's configuration logs in to the CRM.
enum class SandboxLogin { secret, certificate };

// Where a sandbox keeps a login's key and certificate, below its folder.
struct SandboxKeyPair {
  std::string key;
  std::string certificate;
};

// What an emulator tells of a load, for people.
template <class Report>
StandIn::Loaded loaded_from(const Report& report) {
  StandIn::Loaded loaded{report.rows, report.loaded, {}};
  loaded.notes.push_back(text::count_of(report.accounts, "account"));
  loaded.notes.push_back("stages: " + text::join(report.stages, ", "));
  if constexpr (requires { report.record_types; }) {
    if (!report.record_types.empty()) {
      loaded.notes.push_back("record types, each with the stages of its rows: " +
                             text::join(report.record_types, ", "));
    }
  }
  if (!report.fields_added.empty()) loaded.notes.push_back("columns added: " + text::join(report.fields_added, ", "));
  if (report.close_dates_assumed > 0) {
    loaded.notes.push_back(text::count_of(report.close_dates_assumed, "row") +
                           " without a close date: set to 90 days from today");
  }
  std::map<std::string, std::size_t> left_out;
  for (const auto& row : report.skipped) ++left_out[row.reason];
  for (const auto& [reason, rows] : left_out) {
    loaded.notes.push_back(text::count_of(rows, "row") + " left out: " + reason);
  }
  return loaded;
}

// The stand-in of a CRM: its emulator loads exports and makes up deals that name two solutions. The certificate of a
// login goes to the emulator's `certificate_setting`.
template <class SeedOptions, class Core>
StandIn crm_stand_in(std::unique_ptr<Core> core, const std::string& certificate_setting) {
  StandIn stand_in;
  Core* org = core.get();
  stand_in.load_csv = [org](const std::string& csv, const Pairs& map, const Pairs& set, Clock& clock,
                            Random& random) -> Result<StandIn::Loaded> {
    const auto report = org->load_csv(csv, map, set, clock, random);
    if (!report) return report.error();
    return loaded_from(*report);
  };
  stand_in.seed = [org](std::size_t deals, Clock& clock, Random& random) {
    SeedOptions options;
    options.solutions = {"SOL-ABCDE-FGH", "SOL-KLMNO-PQR"};
    org->seed(deals, clock, random, options);
  };
  stand_in.register_certificate = [org, certificate_setting](const std::string& pem) {
    org->set(certificate_setting, pem);
  };
  stand_in.core = std::move(core);
  return stand_in;
}

}  // namespace cosell
