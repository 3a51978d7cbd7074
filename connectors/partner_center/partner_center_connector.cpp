// Puts the parts together: what this side can do, what it looks like, reading by id and key, and writing.
#include "connectors/partner_center/partner_center_connector.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "base/text.h"
#include "connectors/partner_center/partner_center_check.h"
#include "connectors/partner_center/partner_center_client.h"
#include "connectors/partner_center/partner_center_schema.h"
#include "connectors/partner_center/referral_feed.h"
#include "connectors/partner_center/referral_wire.h"
#include "connectors/partner_center/referral_write.h"
#include "connectors/partner_center/registration_wire.h"

namespace cosell {
namespace partner_center {
namespace {

// How wrong our clock may be against the service's when the newest referrals are searched for a lost create. Looking
// too far back costs a page; not far enough, a second referral.
constexpr Duration kClockSkew = minutes(15);

Capabilities capabilities_of_service(const PartnerCenterSettings& settings) {
  Capabilities c;
  c.system = "partner_center";
  c.display_name = "Partner Center";
  c.client_key = Capabilities::ClientKey::none;
  c.answer_looked_up = true;
  c.batch_max = 200;
  c.in_flight_max = kInFlightMax;
  if (!settings.patch_name) c.create_only_columns.push_back(info(Field::name).name);
  if (!settings.patch_marketplace_intent) c.create_only_columns.push_back(info(Field::marketplace_intent).name);
  return c;
}

// If-Match wants the tag in double quotes (1.5).
std::string quoted_tag(const std::string& version) {
  if (!version.empty() && (version.front() == '"' || text::starts_with(version, "W/"))) return version;
  return "\"" + version + "\"";
}

bool is_about_the_service(const Error& e) {
  return e.kind == ErrorClass::auth_expired || e.kind == ErrorClass::throttled || e.kind == ErrorClass::cancelled ||
         e.kind == ErrorClass::config || (e.kind == ErrorClass::transient && e.http_status == 0);
}

// Why reads that were asked together tell nothing; nullptr: each failure is about its own record. So it is where the
// service answered others, and where it answered a single one, with a refusal.
template <class Read>
const Error* failed_together(const std::vector<Result<Read>>& reads) {
  const Error* first = nullptr;
  std::size_t failed = 0;
  for (const Result<Read>& read : reads) {
    if (read || read.error().kind == ErrorClass::not_found || read.error().kind == ErrorClass::forbidden) continue;
    if (is_about_the_service(read.error())) return &read.error();
    if (++failed == 1) first = &read.error();
  }
  // A gateway that answers 502 to 504 speaks for the service.
  const bool refused_alone = reads.size() == 1 && failed == 1 && first->http_status != 0 && first->http_status <= 500;
  return failed == reads.size() && !refused_alone ? first : nullptr;
}

Observation unread(RecordKind kind, const Error& why) {
  Observation seen;
  seen.kind = kind;
  seen.existence = Existence::unreadable;
  seen.unread_because = why.message;
  return seen;
}

bool is_asked_for_by_engagement(const RecordRef& ref) {
  return ref.kind == RecordKind::microsoft_half && !ref.key.empty();
}

// A half of Microsoft's that the list of its engagement did not show.
struct HiddenHalf {
  RecordRef ref;  // its id may be empty: not known
  bool list_was_wider =
      false;  // and showed other engagements: the filter was not applied, and what is missing may exist
};

Observation unread_half(const RecordRef& ref, const Error& why) {
  Observation seen = unread(RecordKind::microsoft_half, why);
  seen.key = ref.key;
  seen.columns[info(Field::engagement_id).name] = Value(ref.key.value);
  return seen;
}

// A list that is replaced is written with all that the service has of the members who stay.
bool needs_the_present(const Operation& op) {
  return op.kind == RecordKind::referral && op.verb == Verb::update && !op.target.id.empty() &&
         !op.must_match.empty() && replaces_a_list(op.changes, op.expected);
}

class PartnerCenterConnector final : public Connector {
 public:
  PartnerCenterConnector(PartnerCenterSettings settings, std::shared_ptr<net::TokenSource> tokens)
      : settings_(std::move(settings)),
        capabilities_(capabilities_of_service(settings_)),
        client_(settings_, std::move(tokens)),
        feed_(client_, settings_) {}

  const Capabilities& capabilities() const override { return capabilities_; }

  Result<Descriptor> describe(Call& call) override {
    const Result<Organization> owner = feed_.organization(call);
    if (!owner) return owner.error();
    return describe_service(settings_, client_.host(), *owner);
  }

  std::vector<Finding> check(Call& call, const std::vector<std::string>& columns_read,
                             const std::vector<std::string>& columns_written) override {
    std::vector<Finding> findings = check_access(call, client_, feed_, settings_);
    std::vector<Finding> columns = check_columns(settings_, columns_read, columns_written);
    findings.insert(findings.end(), columns.begin(), columns.end());
    return findings;
  }

  Result<Page> pull(Call& call, const PullRequest& request) override { return feed_.pull(call, request); }

  Result<std::vector<Observation>> fetch(Call& call, std::span<const RecordRef> refs,
                                         const std::vector<std::string>&) override {
    std::vector<Observation> found;
    if (Result<void> r = fetch_by_id(call, refs, found); !r) return r.error();
    if (Result<void> r = fetch_by_crm_id(call, refs, found); !r) return r.error();
    std::vector<RecordRef> halves;
    std::copy_if(refs.begin(), refs.end(), std::back_inserter(halves), is_asked_for_by_engagement);
    if (Result<void> r = fetch_microsoft_halves(call, halves, found); !r) return r.error();
    return found;
  }

  std::vector<Outcome> push(Call& call, std::span<const Operation> operations) override;
  void push_each(Call& call, Batches& batches) override;

  std::string page_url(RecordKind kind, const RecordId& id) const override {
    if (kind != RecordKind::referral && kind != RecordKind::microsoft_half) return "";
    if (id.empty()) return settings_.link_template.substr(0, settings_.link_template.find_first_of("?{"));
    return link_to(settings_.link_template, id.value);
  }

  RecordId normal_id(std::string_view written) const override { return RecordId(partner_center::normal_id(written)); }

 private:
  Result<void> fetch_by_id(Call& call, std::span<const RecordRef> refs, std::vector<Observation>& found);
  Result<void> fetch_by_crm_id(Call& call, std::span<const RecordRef> refs, std::vector<Observation>& found);
  Result<void> fetch_microsoft_halves(Call& call, std::span<const RecordRef> halves, std::vector<Observation>& found);
  // Those that no list showed where they were asked for.
  Result<void> fetch_hidden_halves(Call& call, std::span<const HiddenHalf> halves, std::vector<Observation>& found);
  // `present`: the referral as it was just read, where needs_the_present.
  Result<Write> write_for(Call& call, const Operation& operation, const Result<Answer>* present);
  Result<json::Value> patch_for(const Operation& operation, const Result<Answer>* present) const;
  std::map<std::size_t, Result<Answer>> present_of(Call& call, std::span<const Operation> operations);
  Outcome outcome_of(const Operation& operation, const Result<Answer>& answer) const;

  const PartnerCenterSettings settings_;
  const Capabilities capabilities_;
  Client client_;
  Feed feed_;
};

Result<void> PartnerCenterConnector::fetch_by_id(Call& call, std::span<const RecordRef> refs,
                                                 std::vector<Observation>& found) {
  std::vector<const RecordRef*> asked;
  std::vector<std::string> targets;
  for (const RecordRef& ref : refs) {
    if (ref.id.empty() || is_asked_for_by_engagement(ref)) continue;
    asked.push_back(&ref);
    targets.push_back("/" + text::percent_encode(ref.id.value));
  }
  const std::vector<Result<Answer>> answers = client_.read_all(call, targets);
  std::vector<Result<Observation>> reads;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i]) {
      reads.emplace_back(answers[i].error());
      continue;
    }
    Result<RowHead> head = read_single(*answers[i]);
    if (!head) {
      head.error().http_status = answers[i]->status;
      reads.emplace_back(std::move(head.error()));
    } else if (asked[i]->kind == RecordKind::microsoft_half) {
      reads.emplace_back(read_microsoft_half(answers[i]->body, *head));
    } else {
      reads.emplace_back(read_referral(answers[i]->body, *head, settings_.link_template));
    }
  }
  if (const Error* error = failed_together(reads)) return *error;
  for (std::size_t i = 0; i < reads.size(); ++i) {
    if (reads[i]) {
      found.push_back(*std::move(reads[i]));
      continue;
    }
    const Error& error = reads[i].error();
    if (error.kind == ErrorClass::not_found) continue;
    Observation seen = unread(asked[i]->kind, error);
    seen.id = asked[i]->id;
    // It exists but has left what this login may see; that is not a deletion.
    if (error.kind == ErrorClass::forbidden) seen.existence = Existence::out_of_scope;
    found.push_back(std::move(seen));
  }
  return {};
}

// The service cannot search CRM ids: the newest referrals are read back to the earliest create in question.
Result<void> PartnerCenterConnector::fetch_by_crm_id(Call& call, std::span<const RecordRef> refs,
                                                     std::vector<Observation>& found) {
  std::vector<std::string> keys;
  std::optional<Instant> earliest;
  for (const RecordRef& ref : refs) {
    if (!ref.id.empty() || ref.kind != RecordKind::referral || ref.key.empty()) continue;
    keys.push_back(ref.key.value);
    earliest = earliest ? std::min(*earliest, ref.created_after) : ref.created_after;
  }
  if (keys.empty()) return {};
  const Instant from = *earliest - settings_.read_overlap - kClockSkew;
  Result<std::vector<Observation>> holders = feed_.created_since(call, from, [&keys](const RowHead& row) {
    return std::any_of(keys.begin(), keys.end(), [&row](const std::string& k) { return same_crm_id(k, row.crm_id); });
  });
  if (!holders) return holders.error();
  std::move(holders->begin(), holders->end(), std::back_inserter(found));
  return {};
}

Result<void> PartnerCenterConnector::fetch_microsoft_halves(Call& call, std::span<const RecordRef> halves,
                                                            std::vector<Observation>& found) {
  if (halves.empty()) return {};
  const Result<std::string> owner = feed_.owner(call);
  if (!owner) return owner.error();
  std::vector<std::string> engagements;
  for (const RecordRef& half : halves) engagements.push_back(half.key.value);
  const std::vector<Result<Rows>> pages = feed_.engagements(call, engagements);
  if (const Error* error = failed_together(pages)) return *error;
  std::vector<HiddenHalf> hidden;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const RecordRef& half = halves[i];
    if (!pages[i]) {
      if (pages[i].error().kind != ErrorClass::not_found) found.push_back(unread_half(half, pages[i].error()));
      continue;
    }
    const std::string engagement = partner_center::normal_id(half.key.value);
    bool wider = false;
    bool any_half = false;
    bool this_half = half.id.empty();
    for (const Rows::Row& row : pages[i]->rows) {
      const bool asked_for = row.head.engagement_id.empty() || row.head.engagement_id == engagement;
      wider = wider || !asked_for;
      if (!asked_for || whose(row.head, *owner) != Whose::microsoft) continue;
      any_half = true;
      this_half = this_half || row.head.id == half.id.value;
      found.push_back(feed_.observe(row, Whose::microsoft));
    }
    // Of an engagement that was asked anew the newer half is enough.
    const bool shown = any_half && (this_half || !wider);
    if (!shown && (wider || !half.id.empty())) hidden.push_back({half, wider});
  }
  return fetch_hidden_halves(call, hidden, found);
}

Result<void> PartnerCenterConnector::fetch_hidden_halves(Call& call, std::span<const HiddenHalf> halves,
                                                         std::vector<Observation>& found) {
  std::vector<std::string> targets;
  for (const HiddenHalf& half : halves) {
    if (!half.ref.id.empty()) targets.push_back("/" + text::percent_encode(half.ref.id.value));
  }
  const std::vector<Result<Answer>> answers = client_.read_all(call, targets);
  if (const Error* error = failed_together(answers)) return *error;
  auto answer = answers.begin();
  for (const HiddenHalf& half : halves) {
    Error why = make_error(ErrorClass::bad_response, "Asked for its engagement, Partner Center shows other deals.");
    if (!half.ref.id.empty()) {
      const Result<Answer>& read = *answer++;
      const Result<RowHead> head = read ? read_single(*read) : Result<RowHead>(read.error());
      if (head) {
        found.push_back(read_microsoft_half(read->body, *head));
        continue;
      }
      if (head.error().kind == ErrorClass::not_found && !half.list_was_wider) continue;
      if (head.error().kind != ErrorClass::not_found) why = head.error();
    }
    found.push_back(unread_half(half.ref, why));
  }
  return {};
}

Result<Write> PartnerCenterConnector::write_for(Call& call, const Operation& operation, const Result<Answer>* present) {
  Write write;
  write.operation_id = operation.id.value;
  Result<json::Value> body = json::Value();
  const bool registers = operation.kind == RecordKind::registration;
  if (operation.verb == Verb::create && !registers) {
    write.method = "POST";
    if (operation.kind == RecordKind::referral) {
      body = referral_body(operation, settings_);
    } else if (operation.kind == RecordKind::microsoft_half && !operation.engagement_id.empty()) {
      // The inviting organisation is only named when it is known; the service knows who is logged in.
      body = microsoft_half_body(operation, feed_.owner(call).value_or(""), settings_);
    } else {
      return make_error(ErrorClass::bug, "Partner Center cannot create this kind of record without an engagement.");
    }
  } else {
    if ((operation.kind != RecordKind::referral && !registers) || operation.target.id.empty()) {
      return make_error(ErrorClass::bug, "Only the partner's own referral can be changed in Partner Center.");
    }
    // Without a version the write would overwrite whatever a person did in the portal.
    if (operation.must_match.empty()) {
      return make_error(ErrorClass::precondition, "The referral has to be read again before it is changed.");
    }
    write.method = "PATCH";
    write.path = "/" + text::percent_encode(operation.target.id.value);
    write.if_match = quoted_tag(operation.must_match.value);
    body = registers ? registration_patch(operation) : patch_for(operation, present);
  }
  if (!body) return body.error();
  write.body = std::move(*body);
  return write;
}

Result<json::Value> PartnerCenterConnector::patch_for(const Operation& operation, const Result<Answer>* present) const {
  if (present == nullptr) return patch_body(operation.changes, operation.expected, settings_);
  if (!*present) {
    // Nothing was written, so that nothing has to be looked up.
    Error e = present->error();
    if (e.kind == ErrorClass::unknown || e.kind == ErrorClass::bad_response) e.kind = ErrorClass::transient;
    return e;
  }
  const Answer& answer = **present;
  const Result<RowHead> head = read_single(answer);
  if (!head) {
    Error e = head.error();
    e.kind = ErrorClass::transient;
    e.of_one_record = true;
    return e;
  }
  if (!head->etag.empty() && quoted_tag(head->etag) != quoted_tag(operation.must_match.value)) {
    return make_error(ErrorClass::precondition, "The referral was changed in Partner Center in the meantime.");
  }
  return patch_body(operation.changes, operation.expected, settings_, &answer.body);
}

// All of a batch in one go; by the place of each operation.
std::map<std::size_t, Result<Answer>> PartnerCenterConnector::present_of(Call& call,
                                                                         std::span<const Operation> operations) {
  std::vector<std::size_t> places;
  std::vector<std::string> targets;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!needs_the_present(operations[i])) continue;
    places.push_back(i);
    targets.push_back("/" + text::percent_encode(operations[i].target.id.value));
  }
  std::map<std::size_t, Result<Answer>> present;
  std::vector<Result<Answer>> answers = client_.glance_all(call, targets);
  // A write whose referral alone cannot be read keeps no other from leaving.
  const bool tells_nothing = failed_together(answers) != nullptr;
  for (Result<Answer>& answer : answers) {
    if (!answer && !tells_nothing) answer.error().of_one_record = true;
  }
  for (std::size_t n = 0; n < places.size(); ++n) present.emplace(places[n], std::move(answers[n]));
  return present;
}

Outcome PartnerCenterConnector::outcome_of(const Operation& operation, const Result<Answer>& answer) const {
  if (!answer) return {operation.id, answer.error(), answer.error().request_id};
  Applied applied;
  applied.created = operation.verb == Verb::create;
  const bool names_its_target = !applied.created || operation.kind == RecordKind::registration;
  if (answer->status == 204 && names_its_target) {
    applied.id = operation.target.id;
    applied.version = VersionToken(answer->etag);
    return {operation.id, std::move(applied), answer->request_id};
  }
  const std::optional<RowHead> head = read_head(answer->body);
  if (!head) {
    Error e = make_error(ErrorClass::unknown, "Partner Center answered " + answer->request +
                                                  " without the referral; the change may have been carried out.");
    e.request_id = answer->request_id;
    e.http_status = answer->status;
    return {operation.id, std::move(e), answer->request_id};
  }
  applied.stored = operation.kind == RecordKind::microsoft_half
                       ? read_microsoft_half(answer->body, *head)
                       : read_referral(answer->body, *head, settings_.link_template);
  applied.id = applied.stored->id;
  applied.version = applied.stored->version;
  return {operation.id, std::move(applied), answer->request_id};
}

std::vector<Outcome> PartnerCenterConnector::push(Call& call, std::span<const Operation> operations) {
  OneBatch batch(operations);
  push_each(call, batch);
  return batch.outcomes();
}

void PartnerCenterConnector::push_each(Call& call, Batches& batches) {
  struct UnderWay {
    std::span<const Operation> operations;
    std::vector<Outcome> outcomes;
    std::vector<std::size_t> sent;  // which of them became a request
  };
  std::deque<UnderWay> under_way;
  const auto make = [&](UnderWay& batch, const Error* stopped) {
    std::vector<Write> writes;
    if (stopped != nullptr) {
      for (std::size_t i = 0; i < batch.operations.size(); ++i)
        batch.outcomes[i] = {batch.operations[i].id, *stopped, ""};
      return writes;
    }
    const auto present = present_of(call, batch.operations);
    for (std::size_t i = 0; i < batch.operations.size(); ++i) {
      const auto shown = present.find(i);
      Result<Write> write = write_for(call, batch.operations[i], shown == present.end() ? nullptr : &shown->second);
      if (write) {
        writes.push_back(std::move(*write));
        batch.sent.push_back(i);
      } else {
        batch.outcomes[i] = {batch.operations[i].id, write.error(), ""};
      }
    }
    return writes;
  };
  const auto next = [&]() -> std::optional<Client::ReadyBatch> {
    const auto operations = batches.next();
    if (!operations) return std::nullopt;
    UnderWay& batch = under_way.emplace_back();
    batch.operations = *operations;
    batch.outcomes.resize(operations->size());
    const bool reads = std::any_of(operations->begin(), operations->end(), needs_the_present);
    return Client::ReadyBatch{reads, [&make, &batch](const Error* stopped) { return make(batch, stopped); }};
  };
  client_.write_each(call, next, [&](const std::vector<Result<Answer>>& answers) {
    UnderWay batch = std::move(under_way.front());
    under_way.pop_front();
    for (std::size_t n = 0; n < answers.size(); ++n) {
      const std::size_t i = batch.sent[n];
      batch.outcomes[i] = outcome_of(batch.operations[i], answers[n]);
    }
    batches.give(std::move(batch.outcomes));
  });
}

}  // namespace
}  // namespace partner_center

std::unique_ptr<Connector> make_partner_center_connector(PartnerCenterSettings settings,
                                                         std::shared_ptr<net::TokenSource> tokens) {
  return std::make_unique<partner_center::PartnerCenterConnector>(std::move(settings), std::move(tokens));
}

}  // namespace cosell
