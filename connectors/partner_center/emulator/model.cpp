// The referral store of the emulated service. See model.h.
#include "connectors/partner_center/emulator/model.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace cosell::emulator::partner_center {

namespace {

// What lists and rules need, taken out of a document.
void describe(const Json& document, Referral& referral) {
  referral.engagement_id = text_at(document, "/engagementId");
  referral.organization_id = text_at(document, "/organizationId");
  referral.status = text_at(document, "/status");
  referral.substatus = text_at(document, "/substatus");
  referral.qualification = text_at(document, "/qualification");
  referral.type = text_at(document, "/type");
  referral.direction = text_at(document, "/direction");
  referral.country = text_at(document, "/customerProfile/address/country");
  referral.external_reference_id = text_at(document, "/externalReferenceId");
  referral.etag = text_at(document, "/eTag");
  referral.created = parse_ticks(text_at(document, "/createdDateTime")).value_or(0);
  referral.updated = parse_ticks(text_at(document, "/updatedDateTime")).value_or(0);
  referral.team_emails.clear();
  for (const Json& member : value_at(document, "/team")) {
    referral.team_emails.push_back(text::lower_ascii(text_at(member, "/email")));
  }
  referral.expires_ms = 0;
  const std::optional<Instant> expires = parse_instant(text_at(document, "/expirationDateTime"));
  if (referral.status == "New" && expires) referral.expires_ms = expires->ms;
  referral.text = write_json(document);
}

std::string hex8(std::uint32_t n) {
  char buffer[9];
  std::snprintf(buffer, sizeof buffer, "%08x", n);
  return buffer;
}

}  // namespace

const Json& value_at(const Json& document, std::string_view pointer) {
  static const Json nothing;
  const Json* here = &document;
  // A walk of our own: the library's pointers allocate for every step, and this is called for every field.
  while (!pointer.empty()) {
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    const std::string_view step = pointer.substr(1, end - 1);
    pointer.remove_prefix(end);
    const Json* next = nullptr;
    if (here->is_object()) {
      for (const auto& member : here->get_ref<const Json::object_t&>()) {
        if (member.first == step) next = &member.second;
      }
    } else if (here->is_array() && !step.empty() && step.find_first_not_of("0123456789") == std::string_view::npos) {
      const std::size_t place = step.size() > 6 ? here->size() : std::stoul(std::string(step));
      if (place < here->size()) next = &(*here)[place];
    }
    if (next == nullptr) return nothing;
    here = next;
  }
  return *here;
}

std::string text_at(const Json& document, std::string_view pointer) {
  const Json& value = value_at(document, pointer);
  return value.is_string() ? value.get<std::string>() : "";
}

bool true_at(const Json& document, std::string_view pointer) {
  const Json& value = value_at(document, pointer);
  return value.is_boolean() && value.get<bool>();
}

Json document_of(const Referral& referral) {
  std::optional<Json> document = read_json(referral.text);
  return document ? std::move(*document) : Json::object();
}

const Referral* Model::find(std::string_view id) const {
  const auto found = referrals_.find(text::lower_ascii(id));
  return found == referrals_.end() ? nullptr : found->second.get();
}

std::vector<const Referral*> Model::engagement(std::string_view engagement_id) const {
  const auto found = engagements_.find(text::lower_ascii(engagement_id));
  return found == engagements_.end() ? std::vector<const Referral*>{} : found->second;
}

const Referral* Model::own_of(std::string_view engagement_id) const {
  const std::vector<const Referral*> all = engagement(engagement_id);
  // The first one stored is the partner's own; halves of others come after it.
  return all.empty() || all.front()->of_microsoft() ? nullptr : all.front();
}

std::vector<std::string> Model::due(Instant now) const {
  std::vector<std::string> ids;
  for (const auto& entry : waiting_) {
    if (entry.at > now.ms) break;
    ids.push_back(entry.referral->id);
  }
  return ids;
}

void Model::unindex(const Referral& referral) {
  by_created_.erase({referral.created, &referral});
  by_updated_.erase({referral.updated, &referral});
  waiting_.erase({referral.expires_ms, &referral});
}

void Model::index(const Referral& referral) {
  by_created_.insert({referral.created, &referral});
  by_updated_.insert({referral.updated, &referral});
  if (referral.expires_ms > 0) waiting_.insert({referral.expires_ms, &referral});
}

const Referral& Model::put(const Json& document) {
  const std::string id = text::lower_ascii(text_at(document, "/id"));
  std::unique_ptr<Referral>& place = referrals_[id];
  if (place) {
    unindex(*place);
    describe(document, *place);
  } else {
    place = std::make_unique<Referral>();
    place->id = id;
    describe(document, *place);
    engagements_[text::lower_ascii(place->engagement_id)].push_back(place.get());
  }
  index(*place);
  return *place;
}

void Model::clear() {
  by_created_.clear();
  by_updated_.clear();
  waiting_.clear();
  engagements_.clear();
  referrals_.clear();
  created_by_request_.clear();
}

void Model::touch(Json& document, Instant now, Random& random) {
  document["updatedDateTime"] = ticks_to_string(stamps_.next(now, random));
  // The form of a Cosmos DB tag: a counter first, the time in seconds last.
  tags_ += 1 + static_cast<std::uint32_t>(random.below(97));
  document["eTag"] =
      "\"" + hex8(tags_) + "-0000-0000-0000-" + hex8(static_cast<std::uint32_t>(now.ms / 1000)) + "0000\"";
}

Json Model::save() const {
  Json saved = Json::object();
  Json list = Json::array();
  // In the order of creation, so that the own referral of an engagement stays the first one; as texts, since
  // 100,000 parsed documents would need gigabytes.
  for (const Place& place : by_created_) list.push_back(place.referral->text);
  saved["referrals"] = std::move(list);
  saved["tags"] = tags_;
  saved["last_stamp"] = stamps_.last();
  return saved;
}

void Model::load(const Json& saved) {
  clear();
  for (const Json& text : value_at(saved, "/referrals")) {
    const std::optional<Json> document =
        text.is_string() ? read_json(text.get_ref<const std::string&>()) : std::nullopt;
    if (!document || !document->is_object() || text_at(*document, "/id").empty()) continue;
    stamps_.raise(put(*document).updated);
  }
  const Json& tags = value_at(saved, "/tags");
  if (tags.is_number_unsigned()) tags_ = tags.get<std::uint32_t>();
  const Json& last = value_at(saved, "/last_stamp");
  if (last.is_number_integer()) stamps_.raise(last.get<std::int64_t>());
}

}  // namespace cosell::emulator::partner_center
