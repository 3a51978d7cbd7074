// The deadlines that a deal itself carries.
#include "engine/deadline.h"

#include "deal/registration.h"
#include "engine/view.h"
#include "engine/words.h"

namespace cosell::engine {

namespace {

// L-4: as Partner Center says, else counted from the creation.
std::optional<Instant> answer_until(const Deal& referral, const Clocks& clocks) {
  if (const auto* at = std::get_if<Instant>(&referral.get(Field::expires_at))) return *at;
  const auto* created = std::get_if<Instant>(&referral.get(Field::created_at));
  if (created == nullptr) return std::nullopt;
  return *created + clocks.partner_answers;
}

}  // namespace

Result<std::optional<Deadline>> deadline_of(const Pair& pair, const store::DealRow& row) {
  std::optional<Deadline> none;
  if (!row.partner_center.image.valid() || row.state == store::DealState::skipped) return none;
  auto view = load_view(pair, row);
  if (!view) return view.error();
  const Deal& referral = view->partner_center;
  const auto standing = referral.standing();
  if (!standing) return none;
  if (is_waiting(*standing)) {
    const auto until = answer_until(referral, pair.settings.rules.clocks);
    if (!until) return none;
    return std::optional<Deadline>{
        Deadline{Deadline::Kind::answer, *until, "accept or decline the deal, else it expires", ""}};
  }
  if (standing->substatus != Substatus::won || !is_blank(referral.get(Field::registration))) return none;
  const auto outlook = registration_outlook(referral, pair.settings.rules);
  if (outlook.eligible == Answer::no || !outlook.register_by || *outlook.register_by < pair.clock->now()) return none;
  const std::string within = in_words(pair.settings.rules.clocks.register_within);
  return std::optional<Deadline>{Deadline{
      Deadline::Kind::registration, *outlook.register_by,
      "register the won deal with Microsoft, which is possible until " + within + " after the contract was signed",
      words::register_command(row) + " (what it asks for: --help)"}};
}

}  // namespace cosell::engine
