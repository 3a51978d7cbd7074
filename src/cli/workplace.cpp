// Putting a pair together.
#include "cli/workplace.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/for_owner.h"
#include "base/text.h"
#include "cli/learned.h"
#include "cli/network.h"
#include "cli/pairs_apart.h"
#include "mapping/shipped.h"

namespace cosell::cli {

namespace fs = std::filesystem;

Result<mapping::Loaded> load_mapping(const std::string& path, std::string* written) {
  auto text = read_text_file(path);
  if (!text) return make_error(ErrorClass::config, "The mapping cannot be read: " + text.error().message);
  if (written != nullptr) *written += *text;
  const fs::path folder = fs::path(path).parent_path();
  return mapping::read_mapping(path, *text, [folder, written](const std::string& name) -> Result<std::string> {
    const auto shipped = mapping::shipped_mapping(name);
    if (!shipped.empty()) return std::string(shipped);
    auto beside = read_text_file((folder / name).string());
    if (beside && written != nullptr) *written += *beside;
    return beside;
  });
}

std::vector<std::string> errors_of(const std::vector<mapping::FileFinding>& findings) {
  std::vector<std::string> lines;
  for (const auto& finding : findings) {
    if (finding.severity == mapping::FileFinding::Severity::error) lines.push_back(mapping::to_string(finding));
  }
  return lines;
}

std::vector<mapping::LiveStage> live_stages(const Descriptor& described, const std::string& record_type_column) {
  std::vector<StageEntry> in_order = described.stages;
  std::stable_sort(in_order.begin(), in_order.end(),
                   [](const StageEntry& a, const StageEntry& b) { return a.position < b.position; });
  std::vector<mapping::LiveStage> stages;
  for (const StageEntry& s : in_order) {
    mapping::LiveStage stage;
    stage.id = s.id;
    stage.label = s.label;
    stage.active = s.active;
    stage.closed = s.closed;
    stage.won = s.won;
    stage.probability = s.probability;
    stage.first = s.first;
    for (const RecordTypeEntry& type : described.record_types) {
      const auto name = type.known_by.find(record_type_column);
      const bool offers =
          type.stages.empty() || std::find(type.stages.begin(), type.stages.end(), s.id) != type.stages.end();
      if (name != type.known_by.end() && offers) stage.record_types.push_back(name->second);
    }
    stages.push_back(std::move(stage));
  }
  return stages;
}

Result<Descriptor> describe_with_record_types(const engine::Pair& pair, store::Side side) {
  Call call = pair.call(side);
  auto described = pair.connector(side).describe(call);
  if (!described) return described;
  auto types = pair.connector(side).record_types(call);
  if (!types) return types.error();
  described->record_types = std::move(*types);
  return described;
}

std::vector<mapping::FileFinding> live_findings(const mapping::Mapping& mapping, const Descriptor& described) {
  const auto stages = live_stages(described, mapping.record_type_column());
  std::vector<mapping::LiveColumn> columns;
  std::set<std::string> parents;
  for (const ColumnInfo& c : described.columns) {
    columns.push_back({c.name, c.writable, c.type, c.length, c.values, true});
    if (const auto dot = c.name.find('.'); dot != std::string::npos) parents.insert(c.name.substr(0, dot));
  }
  // Columns of parents that the description leaves out: the connector's own check tries to read them.
  for (const std::string& name : mapping.columns_read()) {
    const auto dot = name.find('.');
    if (dot != std::string::npos && parents.count(name.substr(0, dot)) == 0)
      columns.push_back({name, false, "", 0, {}, false});
  }
  return mapping::check_against_live(mapping, stages, columns);
}

Result<Workplace::MappingIs> Workplace::reread_mapping() {
  const std::string before = mapping_->hash();
  if (auto done = choose_mapping(store_.get()); !done) return done.error();
  if (auto done = end_return(); !done) return done.error();
  return mapping_->hash() == before ? MappingIs::unchanged : MappingIs::replaced;
}

Result<void> Workplace::keeps_apart() const {
  const auto overlap = overlap_with_another_pair(session_.config, config_, *mapping_);
  if (!overlap) return {};
  return make_error(ErrorClass::config, overlap->text + "\n  → " + overlap->remedy);
}

Result<void> Workplace::choose_mapping(store::Store* store) {
  auto choice = cli::choose_mapping(read_mapping_file(config_.mapping), store);
  if (!choice) return choice.error();
  mapping_ = std::move(*choice->mapping);  // the pair points here
  choice->mapping.reset();
  mapping_choice_ = std::move(*choice);
  return {};
}

Result<void> Workplace::end_return() {
  if (mapping_choice_.from != MappingChoice::From::file) return {};
  auto returned = returned_to(*store_);
  if (!returned) return returned.error();
  if (!*returned) return {};
  return store_->transaction([this] { return use_file_again(*store_, "it was edited", session_.clock().now()); });
}

Result<void> Workplace::read_shipped_mapping() {
  const std::string& name = system(store::Side::crm).mapping;
  auto loaded = mapping::read_mapping(name, std::string(mapping::shipped_mapping(name)), [](const std::string& wanted) {
    return Result<std::string>(std::string(mapping::shipped_mapping(wanted)));
  });
  if (!loaded.mapping) return make_error(ErrorClass::bug, text::join(errors_of(loaded.findings), "\n"));
  mapping_ = std::move(*loaded.mapping);
  return {};
}

// The store has a say before it is opened for the command: without a usable file, what it keeps is all there is.
Result<void> Workplace::read_own_mapping() {
  const bool from_copy = mapping_used_ == MappingUsed::own_from_copy;
  // Chosen anew when the command has made its copy.
  if (from_copy && choose_mapping(nullptr)) return {};
  store::OpenOptions options;
  options.mode = from_copy ? StoreMode::scratch : StoreMode::shared;
  options.pair = config_.name;
  options.create = false;
  auto store = store::open_sqlite_store(config_.store, options, session_.clock());
  // What is wrong with a store says the command that opens it.
  return choose_mapping(store ? store->get() : nullptr);
}

Result<void> Workplace::open_tokens() {
  const Config& config = session_.config;
  if (config.tokens_file.empty()) return {};
  auto key = net::read_secret(config.tokens_key, "tokens.key", config.base_dir);
  if (!key) return key.error();
  auto opened = net::TokenStore::open(config.tokens_file, *key, random_);
  if (!opened) return opened.error();
  tokens_ = std::move(*opened);
  return {};
}

void Workplace::open_tokens_if_readable() {
  if (auto opened = open_tokens(); !opened) tokens_.reset();
}

const System& Workplace::system(store::Side side) const {
  return side == store::Side::crm ? *find_system(config_.crm_system) : partner_center_system();
}

Surroundings Workplace::surroundings(store::Side side, bool with_login) {
  return Surroundings{config_.name,
                      session_.config.base_dir,
                      tokens(),
                      side == store::Side::crm ? crm_transport_ : partner_center_transport_,
                      session_.clock(),
                      random_,
                      meter_,
                      with_login,
                      session_.config.file};
}

Result<void> Workplace::make_connectors(Login login) {
  const bool with_login = login == Login::needed;
  const auto placed = [this](Error e) {
    // What the connector found in the configuration names line and column only.
    const bool at_line = !e.message.empty() && e.message.front() >= '1' && e.message.front() <= '9';
    if (at_line) e.message = session_.config.file + ":" + e.message;
    return e;
  };
  auto crm = system(store::Side::crm).make(config_.crm, surroundings(store::Side::crm, with_login));
  if (!crm) return placed(crm.error());
  const auto part = with_learned(config_.partner_center, config_.store);
  if (!part) return placed(part.error());
  auto partner_center =
      system(store::Side::partner_center).make(*part, surroundings(store::Side::partner_center, with_login));
  if (!partner_center) return placed(partner_center.error());
  crm_ = std::move(*crm);
  partner_center_ = std::move(*partner_center);
  pair_.crm = crm_.get();
  pair_.partner_center = partner_center_.get();
  return {};
}

Result<std::unique_ptr<Workplace>> Workplace::make(Session& session, const PairConfig& config, Login login,
                                                   MappingUsed used) {
  const bool asks = login != Login::not_needed;
  auto network = asks ? network_options(session.config) : Result<net::CurlOptions>(net::CurlOptions{});
  if (!network) return network.error();
  std::unique_ptr<Workplace> place(new Workplace(session, config, *network));
  place->mapping_used_ = used;
  auto read = used == MappingUsed::shipped ? place->read_shipped_mapping() : place->read_own_mapping();
  if (!read) return read.error();
  if (const std::string note = other_mapping_note(*place); used == MappingUsed::own && !note.empty()) {
    session.output.note(note);
  }
  if (asks) {
    if (auto done = place->open_tokens(); !done) return done.error();
  }
  if (auto done = place->make_connectors(login); !done) return done.error();
  engine::Pair& pair = place->pair_;
  pair.name = config.name;
  pair.mapping = &*place->mapping_;
  pair.crm_transport = &place->crm_transport_;
  pair.partner_center_transport = &place->partner_center_transport_;
  pair.clock = &session.clock();
  pair.random = &place->random_;
  pair.meter = &place->meter_;
  pair.settings = config.settings;
  pair.log = session.log;
  pair.flies_in_background = true;
  pair.stop_requested = [] { return SystemClock::interrupted(); };
  return place;
}

Result<void> Workplace::open_store(StoreMode mode, bool create) {
  store::OpenOptions options;
  options.mode = mode;
  options.pair = config_.name;
  options.create = create;
  if (mode == StoreMode::exclusive && create) {
    const std::string folder = fs::path(config_.store).parent_path().string();
    if (const auto failed = make_folders_for_owner(folder)) {
      return make_error(ErrorClass::config, "The folder " + folder + " of the store cannot be made: " +
                                                failed.message() + ". Check who owns the one that it is in.");
    }
  }
  auto opened = store::open_sqlite_store(config_.store, options, session_.clock());
  if (!opened) return opened.error();
  store_ = std::move(*opened);
  pair_.store = store_.get();
  for (const auto side : {store::Side::crm, store::Side::partner_center}) {
    auto before = in_flight_of_last_run(side);
    if (!before) return before.error();
    if (*before && (*before)->now > 0) pair_.in_flight_before[side] = (*before)->now;
  }
  if (mapping_used_ == MappingUsed::shipped) return {};
  if (auto done = choose_mapping(store_.get()); !done) return done;
  if (const std::string note = other_mapping_note(*this);
      mapping_used_ == MappingUsed::own_from_copy && !note.empty()) {
    session_.output.note(note);
  }
  return mode == StoreMode::exclusive ? end_return() : Result<void>();
}

Result<Workplace::CallsOfADay> Workplace::calls_of_a_day(store::Side side) {
  const Instant now = session_.clock().now();
  CallsOfADay used;
  used.oldest = now;
  auto runs = store_->runs(100'000, now - days(1));
  if (!runs) return runs.error();
  const std::string figure = std::string("calls.") + store::name_of(side);
  Instant at = now;
  RunId after;                              // the one that came next
  for (const store::RunRow& run : *runs) {  // newest first
    // Begun while this machine's clock was ahead: as old as what came next. When that is more than a day ago, so is it.
    const bool from_the_future = run.started_at > now;
    if (from_the_future && after.valid() && run.id.value + 1 != after.value) continue;
    if (!from_the_future) at = run.started_at;
    after = run.id;
    const auto figures = json::read(run.figures.empty() ? "{}" : run.figures);
    const json::Value* calls = figures ? figures->find(figure) : nullptr;
    const std::int64_t n = calls == nullptr ? 0 : calls->as_integer().value_or(0);
    if (n == 0) continue;
    used.calls += n;
    used.oldest = std::min(used.oldest, at);
  }
  return used;
}

Result<std::optional<Workplace::GrantedCalls>> Workplace::granted_calls(store::Side side) {
  auto runs = store_->runs(100'000, session_.clock().now() - days(1));
  if (!runs) return runs.error();
  const std::string name = std::string("granted.") + store::name_of(side);
  for (const store::RunRow& run : *runs) {  // newest first
    const auto figures = json::read(run.figures.empty() ? "{}" : run.figures);
    const json::Value* used = figures ? figures->find(name + ".used") : nullptr;
    const json::Value* limit = figures ? figures->find(name + ".limit") : nullptr;
    if (used == nullptr || limit == nullptr) continue;
    GrantedCalls told;
    told.calls = {used->as_integer().value_or(0), limit->as_integer().value_or(0)};
    told.at = run.finished_at.value_or(run.started_at);
    return std::optional<GrantedCalls>(told);
  }
  return std::optional<GrantedCalls>();
}

Result<std::optional<net::InFlight>> Workplace::in_flight_of_last_run(store::Side side) {
  constexpr int looked_at = 100;
  auto runs = store_->runs(looked_at);
  if (!runs) return runs.error();
  const std::string name = store::name_of(side);
  for (const store::RunRow& run : *runs) {  // newest first
    const auto figures = json::read(run.figures.empty() ? "{}" : run.figures);
    const json::Value* now = figures ? figures->find("in_flight." + name) : nullptr;
    if (now == nullptr) continue;
    const json::Value* slowed_down = figures->find("slowed_down." + name);
    return std::optional<net::InFlight>(net::InFlight{static_cast<int>(now->as_integer().value_or(0)),
                                                      slowed_down != nullptr && slowed_down->as_bool()});
  }
  return std::optional<net::InFlight>();
}

Result<bool> Workplace::asked_to_wait_in_last_run(store::Side side) {
  constexpr int looked_at = 100;
  auto runs = store_->runs(looked_at);
  if (!runs) return runs.error();
  for (const store::RunRow& run : *runs) {  // newest first
    const auto figures = json::read(run.figures.empty() ? "{}" : run.figures);
    const json::Value* asked = figures ? figures->find(std::string("asked_to_wait.") + store::name_of(side)) : nullptr;
    if (asked != nullptr) return asked->as_bool();
  }
  return false;
}

Result<void> Workplace::renew_allowances() {
  for (const auto side : {store::Side::crm, store::Side::partner_center}) {
    const auto configured = config_.calls.find(side);
    const net::Allowance allowed = configured == config_.calls.end() ? net::Allowance{} : configured->second;
    std::optional<net::DayLeft> left;
    if (allowed.per_day) {
      auto used = calls_of_a_day(side);
      if (!used) return used.error();
      left = net::DayLeft{std::max<std::int64_t>(0, *allowed.per_day - used->calls), used->oldest + days(1)};
    }
    auto& transport = side == store::Side::crm ? crm_transport_ : partner_center_transport_;
    transport.allow(pair_.title(side), allowed.per_minute, left);
    transport.keep_back(meter_, store::name_of(side), allowed.reserve_percent);
  }
  return {};
}

void Workplace::close_store() {
  pair_.store = nullptr;
  store_.reset();
}

std::string other_mapping_note(const Workplace& place) {
  const MappingChoice& choice = place.mapping_choice();
  if (choice.from == MappingChoice::From::file) return "";
  const std::string version = "version " + short_version(place.mapping().hash());
  if (choice.refused.empty()) {
    return "The mapping in use is " + version + ", to which was returned at " + to_string_minutes(choice.returned->at) +
           " UTC; " + place.config().mapping + " counts again when it is edited.";
  }
  return "The mapping file cannot be used; the mapping of before, " + version + ", stays in use:\n" + choice.refused +
         "\nCorrect the file, then: cosell mapping check";
}

net::Calls Workplace::calls(store::Side side) const {
  net::Calls calls = meter_.of(store::name_of(side));
  // Logins are counted under the name that people read.
  calls.logins += meter_.of(system(side).display_name).logins;
  return calls;
}

std::string Workplace::calls_text(store::Side side) const {
  const net::Calls c = calls(side);
  std::vector<std::string> methods;
  for (const auto& [method, count] : c.by_method)
    methods.push_back(method + " " + grouped(static_cast<std::int64_t>(count)));
  std::string text = system(side).display_name + " " + grouped(static_cast<std::int64_t>(c.total()));
  if (!methods.empty()) text += " (" + text::join(methods, ", ") + ")";
  if (c.logins > 0) text += " and " + text::count_of(c.logins, "login");
  return text;
}

}  // namespace cosell::cli
