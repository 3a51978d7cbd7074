// Everything that one pair works with in one command: connections, logins, connectors, mapping and store, put together
// as the engine wants it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "cli/mapping_choice.h"
#include "cli/session.h"
#include "connectors/registry.h"
#include "engine/pair.h"
#include "mapping/mapping.h"
#include "net/allowance.h"
#include "net/call_meter.h"
#include "net/curl_transport.h"
#include "net/server_clock.h"
#include "net/token_store.h"
#include "store/sqlite_store.h"

namespace cosell::cli {

using StoreMode = store::OpenOptions::Mode;

class Workplace {
 public:
  // `being_made`: a person logs in to one side, which must not need the secrets of the other: requests can go out and
  // saved logins are open, but the connectors have none.
  enum class Login { needed, not_needed, being_made };
  // `own`: the pair's, with a note when it is not the file as it is now. `own_told_by_command`: without the note.
  // `own_from_copy`: as own, for commands that look at a copy of the store only, so that not one byte of it changes.
  // `shipped`: the mapping that comes with the CRM, for a company that has no file yet.
  enum class MappingUsed { own, own_told_by_command, own_from_copy, shipped };

  // Reads the mapping, opens saved logins and makes the connectors; contacts nobody. Errors are of class config.
  static Result<std::unique_ptr<Workplace>> make(Session& session, const PairConfig& config, Login login,
                                                 MappingUsed used = MappingUsed::own);

  // Reads the mapping file again and chooses anew; the store is open. The error is one of the store: a file that cannot
  // be used leaves the mapping of before in use, and the choice says why.
  enum class MappingIs { unchanged, replaced };
  Result<MappingIs> reread_mapping();

  // Opens the store. `create`: make a new one when there is none (exclusive only).
  Result<void> open_store(StoreMode mode, bool create);
  void close_store();
  // The error names another pair that takes the same referrals, and what separates the two.
  Result<void> keeps_apart() const;
  // For commands that only look: without the key, saved logins are not shown.
  void open_tokens_if_readable();

  engine::Pair& pair() { return pair_; }
  store::Store& store() { return *store_; }
  const PairConfig& config() const { return config_; }
  const System& system(store::Side side) const;
  // Which mapping counts, and why. Its mapping itself is the pair's.
  const MappingChoice& mapping_choice() const { return mapping_choice_; }
  const mapping::Mapping& mapping() const { return *mapping_; }
  net::TokenStore* tokens() { return tokens_ ? &*tokens_ : nullptr; }
  Surroundings surroundings(store::Side side, bool with_login);
  // API calls and logins of this side since the last reset, "7 (GET 2, PATCH 5)".
  std::string calls_text(store::Side side) const;
  net::Calls calls(store::Side side) const;
  // How far this machine's clock is ahead of the side's, as far as an answer told.
  std::optional<Duration> clock_ahead(store::Side side) const {
    return (side == store::Side::crm ? crm_clock_ : partner_center_clock_).ahead();
  }

  // API calls that syncs made in the 24 hours before now, and when the oldest of them is that old.
  struct CallsOfADay {
    std::int64_t calls = 0;
    Instant oldest = {};
  };
  Result<CallsOfADay> calls_of_a_day(store::Side side);
  // What the side itself told in the last 24 hours of the calls that it grants to all its clients together.
  struct GrantedCalls {
    net::Granted calls;
    Instant at = {};
  };
  Result<std::optional<GrantedCalls>> granted_calls(store::Side side);
  // How many requests at once the newest sync that asked this side ended with; nothing when none told it.
  Result<std::optional<net::InFlight>> in_flight_of_last_run(store::Side side);
  Result<bool> asked_to_wait_in_last_run(store::Side side);
  // Reads keys and secrets again, as somebody may have replaced them; between cycles. After an error the logins of
  // before stay in use.
  Result<void> renew_logins() { return make_connectors(Login::needed); }
  // What the configuration allows, less what was used. Before each cycle; the store is open.
  Result<void> renew_allowances();

 private:
  Workplace(Session& session, const PairConfig& config, const net::CurlOptions& network)
      : session_(session),
        config_(config),
        crm_wire_(network),
        partner_center_wire_(network),
        crm_clock_(crm_wire_, session.clock()),
        partner_center_clock_(partner_center_wire_, session.clock()),
        crm_transport_(crm_clock_, session.clock()),
        partner_center_transport_(partner_center_clock_, session.clock()) {}
  Result<void> read_shipped_mapping();
  Result<void> read_own_mapping();
  Result<void> choose_mapping(store::Store* store);
  // A return to an earlier mapping ends when the file was edited.
  Result<void> end_return();
  Result<void> open_tokens();
  Result<void> make_connectors(Login login);

  Session& session_;
  const PairConfig& config_;
  SystemRandom random_;
  net::CallMeter meter_;
  net::CurlTransport crm_wire_;
  net::CurlTransport partner_center_wire_;
  net::ServerClockTransport crm_clock_;
  net::ServerClockTransport partner_center_clock_;
  net::AllowanceTransport crm_transport_;
  net::AllowanceTransport partner_center_transport_;
  std::optional<net::TokenStore> tokens_;
  std::unique_ptr<Connector> crm_;
  std::unique_ptr<Connector> partner_center_;
  MappingUsed mapping_used_ = MappingUsed::own;
  std::optional<mapping::Mapping> mapping_;
  MappingChoice mapping_choice_;
  std::unique_ptr<store::Store> store_;
  engine::Pair pair_;
};

// The stages in the order of the pipeline. Each names the record types that offer it by what `record_type_column` holds
// of them; without such a column of a record type they stay out.
std::vector<mapping::LiveStage> live_stages(const Descriptor& described, const std::string& record_type_column);
// describe(), and the record types.
Result<Descriptor> describe_with_record_types(const engine::Pair& pair, store::Side side);
// One line for each finding that keeps a mapping from being used.
std::vector<std::string> errors_of(const std::vector<mapping::FileFinding>& findings);
// The mapping against what the CRM really has.
std::vector<mapping::FileFinding> live_findings(const mapping::Mapping& mapping, const Descriptor& described);

// Reads a mapping file and what it extends: shipped by name, or a file beside it. `written`: gets the texts that people
// wrote, one after the other.
Result<mapping::Loaded> load_mapping(const std::string& path, std::string* written = nullptr);

// For people, when not the file as it is now counts: which mapping does, and why. "" otherwise.
std::string other_mapping_note(const Workplace& place);

}  // namespace cosell::cli
