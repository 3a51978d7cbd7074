// The engine's sentences.
#include "engine/words.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.h"
#include "engine/ask_registration.h"
#include "engine/marks.h"

namespace cosell::engine::words {

namespace {

using store::DealState;
using store::Side;
using store::WaitFor;

std::string quoted(const std::string& s) { return "\"" + s + "\""; }

// Which line of a mapping file says it, " (acme.jsonc:14)", is nothing for the CRM. The text of a mapping begins with
// "// its name"; those that it extends are JSON.
std::string without_places(const mapping::Mapping& mapping, std::string message) {
  const std::string& text = mapping.text();
  const std::string own = text.substr(0, text.find('\n'));
  for (std::size_t begin = message.find(" ("); begin != std::string::npos; begin = message.find(" (", begin)) {
    const std::size_t end = message.find(')', begin);
    if (end == std::string::npos) break;
    const std::string inside = message.substr(begin + 2, end - begin - 2);
    const std::string file = inside.substr(0, inside.rfind(':'));
    const bool is_file = text::ends_with(file, ".jsonc") || text::ends_with(file, ".json") || own == "// " + file;
    if (is_file && file != inside) {
      message.erase(begin, end + 1 - begin);
    } else {
      begin += 2;
    }
  }
  return message;
}

}  // namespace

std::string state_title(const store::DealRow& row) {
  switch (row.state) {
    case DealState::skipped:
      return "Not synced";
    case DealState::in_sync:
      return "In sync";
    case DealState::changed:
      return "Syncing";
    case DealState::failed:
      return "Failed";
    case DealState::waiting:
      break;
  }
  switch (row.waits_for) {
    case WaitFor::seller:
      return "Waiting for you";
    case WaitFor::admin:
    case WaitFor::operator_:
      return "Waiting for an admin";
    case WaitFor::microsoft:
      return "Waiting for Microsoft";
    case WaitFor::date:
      return "Waiting for a date";
    case WaitFor::partner_center:
      return "Waiting for Partner Center";
    case WaitFor::nobody:
      break;
  }
  return "Waiting";
}

std::string one_after_the_other(std::string first, const std::string& second) {
  if (first.empty()) return second;
  const bool ends = std::string_view(".!?").find(first.back()) != std::string_view::npos;
  return first + (ends ? " " : ". ") + second;
}

std::string state_line(const store::DealRow& row) {
  std::string line = state_title(row);
  if (row.state == DealState::waiting && row.waits_for == WaitFor::seller) line = "Waiting for the seller";
  if (!row.message.empty()) line += ": " + row.message;
  return line;
}

namespace {

// An admin is waited for, who reads commands and files elsewhere; some of it the seller can end as well.
std::string step_beside_admin(const std::string& crm, const std::string& reason) {
  const bool of_a_value = text::starts_with(reason, "unknown-") || text::starts_with(reason, "bad-");
  if (of_a_value || reason == reconcile::name_of(reconcile::Reason::unreadable)) {
    return "Correct it in " + crm + ", or ask an admin to say what it means.";
  }
  if (reason == reconcile::name_of(reconcile::Reason::reopened_in_crm)) {
    return "Close the opportunity again in " + crm + ", or ask an admin for a new referral.";
  }
  if (reason == reconcile::name_of(reconcile::Reason::closed_differently)) {
    return "Correct the opportunity in " + crm + ", or ask an admin to leave it so.";
  }
  if (reason == "conflict") return "Set both to the value that is right, or ask an admin to choose.";
  return "";
}

}  // namespace

std::string seller_step(const Pair& pair, const store::DealRow& row) {
  const std::string crm = pair.title(Side::crm);
  if (row.state == DealState::failed) {
    if (has_mark(row, registration_mark)) return "An admin has to correct the registration.";
    return "Correct the deal in " + crm + ", or ask an admin to remove the cause and send it again.";
  }
  if (row.state != DealState::waiting) return "";
  switch (row.waits_for) {
    case WaitFor::date:
      if (row.reason == "early_won") return "To cancel, reopen the opportunity in " + crm + " before then.";
      return row.next_step;
    case WaitFor::seller:
    case WaitFor::microsoft:
    case WaitFor::partner_center:
      return row.next_step;
    case WaitFor::admin:
    case WaitFor::operator_:
      return step_beside_admin(crm, row.reason);
    case WaitFor::nobody:
      break;
  }
  return "";
}

mapping::SellerView seller_view(const Pair& pair, const store::DealRow& row, const Deal& referral) {
  mapping::SellerView view;
  view.state = state_title(row);
  view.message = without_places(*pair.mapping, row.message);
  if (const std::string step = seller_step(pair, row); !step.empty()) {
    const bool ends = view.message.empty() || view.message.back() == '.';
    view.message += (view.message.empty() ? "" : ends ? " " : ". ") + step;
  }
  view.since = Instant{row.since.ms - row.since.ms % 1000};
  view.referral_id = row.partner_center.record_id;
  if (!view.referral_id.empty()) {
    view.link = pair.partner_center->page_url(RecordKind::referral, RecordId(view.referral_id));
  }
  view.microsoft_answer = referral.text(Field::microsoft_answer);
  view.microsoft_reason = referral.text(Field::microsoft_reason);
  view.microsoft_crm_id = referral.text(Field::microsoft_crm_id);
  view.registration = referral.text(Field::registration);
  return view;
}

std::string clone(const Pair& pair, const store::DealRow& row) {
  return "This opportunity carries referral " + row.marks.at(clone_mark) +
         ", which belongs to another opportunity in " + pair.title(Side::crm) + " (it was probably copied).";
}
std::string copied(const Pair& pair, const store::DealRow& row) {
  return "Opportunity " + text::join(text::split(row.marks.at(cloned_mark), ' '), ", ") + " in " +
         pair.title(Side::crm) +
         " carries the referral of this deal too (it was probably copied). Neither is synced until only one carries "
         "it.";
}
std::string copied_and_gone(const Pair& pair, const store::DealRow& row) {
  return "The opportunity of this deal is gone from " + pair.title(Side::crm) + ", and " +
         text::join(text::split(row.marks.at(cloned_mark), ' '), ", ") + " there carries its referral.";
}
std::string copied_and_gone_remedy(const Pair& pair, const store::DealRow& row) {
  const std::string next = text::split(row.marks.at(cloned_mark), ' ').front();
  return "If that one goes on with the deal: cosell deals unlink " + row.crm.record_id + "; then: cosell deals link " +
         next + " " + row.partner_center.record_id + ". If it is another deal, clear " + pair.mapping->key_column() +
         " on it.";
}
std::string clone_remedy(const Pair& pair) {
  return "Clear " + pair.mapping->key_column() + " on the copy; it then syncs as a deal of its own.";
}
std::string hidden_clone_remedy(const store::DealRow& row) {
  return "The bridge's user may not read it there: cosell deals link " + row.crm.record_id + " --none says the same.";
}
std::string doubtful_match(const Pair& pair, const store::DealRow& row) {
  const std::string with = row.marks.at(match_mark);
  if (row.crm.record_id.empty()) {
    return "Perhaps the same deal as " + with + " in " + pair.title(Side::crm) + "; a person has to say so.";
  }
  return "Perhaps the same deal as referral " + with + ". Nothing is sent until a person says so.";
}
std::string doubtful_match_remedy(const store::DealRow& row) {
  if (row.crm.record_id.empty())
    return "cosell todo --kind link shows which; or: cosell deals link " + row.partner_center.record_id + " --none";
  return "cosell deals link " + row.crm.record_id + " REFERRAL-ID, or, if it is another deal: cosell deals link " +
         row.crm.record_id + " --none";
}
std::string located_elsewhere(const Pair& pair, const std::string& location) {
  return "Location " + location + " does not belong to this pair, so that no referral is created for it in " +
         pair.title(Side::partner_center) + ".";
}
std::string located_elsewhere_remedy(const std::string& column) {
  if (!column.empty()) return "Correct " + column + "; the deal is then sent by itself.";
  return "Correct \"location\" in the mapping file, or name this one under \"belongs\" there, then: cosell sync";
}
std::string named_elsewhere(const Pair& pair, const std::string& crm_id) {
  return "This referral carries the CRM ID \"" + crm_id + "\" already, which leads to no opportunity in " +
         pair.title(Side::crm) + "; perhaps another CRM keeps the deal in sync. No opportunity is made of it.";
}
std::string named_elsewhere_remedy(const Pair& pair, const store::DealRow& row) {
  const std::string& referral = row.partner_center.record_id;
  return "If another CRM does, leave it there: nothing to do. Otherwise, to make an opportunity of it: clear it in " +
         pair.title(Side::partner_center) + ", or cosell deals link " + referral +
         " --none; to tie it to one: cosell deals link OPPORTUNITY-ID " + referral;
}
std::string unlinked(const store::DealRow& row) {
  return "Taken apart from " + row.marks.at(unlinked_mark) + " by a person; left as it is.";
}
std::string twin(const Pair& pair, const store::DealRow& row) {
  return "This is a second referral in " + pair.title(Side::partner_center) + " that names opportunity " +
         row.marks.at(twin_mark) + "; another one was linked to it before. Neither is written to.";
}
std::string doubled(const Pair& pair, const store::DealRow& row) {
  const auto others = text::split(row.marks.at(twinned_mark), ' ');
  const std::string where = " in " + pair.title(Side::partner_center);
  if (others.size() > 1) {
    return "Referrals " + text::join(others, ", ") + where +
           " name the same opportunity. None of the referrals is written to.";
  }
  return "Referral " + others.front() + where +
         " names the same opportunity. Neither of the two referrals is written to.";
}
std::string twin_remedy(const Pair& pair) {
  return "Close one of the two in " + pair.title(Side::partner_center) + " or clear its CRM ID there.";
}

std::string twin_left_remedy(const Pair& pair, const store::DealRow& row) {
  return "close " + text::join(text::split(row.marks.at(twinned_mark), ' '), ", ") + " in " +
         pair.title(Side::partner_center) + ", or clear the CRM ID there.";
}

std::string twin_is_won(const Pair& pair, const store::DealRow& row) {
  return "This referral is won and names opportunity " + row.marks.at(twin_mark) +
         ", which is linked to another referral that is open in " + pair.title(Side::partner_center) +
         ". Neither is written to.";
}
std::string twin_is_won_remedy(const Pair& pair, const store::DealRow& row) {
  return "Close the open one in " + pair.title(Side::partner_center) +
         ": as lost, and this one takes its place. If this one is another deal: cosell deals link " +
         row.partner_center.record_id + " --none";
}
std::string doubled_and_gone(const Pair& pair, const store::DealRow& row) {
  const auto others = text::split(row.marks.at(twinned_mark), ' ');
  return "The referral of this deal is no longer visible to the bridge in " + pair.title(Side::partner_center) +
         ", and " + text::join(others, ", ") + " there names the same opportunity. Nothing is written to " +
         (others.size() > 1 ? "any of them." : "either of them.");
}
std::string doubled_and_gone_remedy(const Pair& pair, const store::DealRow& row) {
  return "Check the roles of the bridge's user in " + pair.title(Side::partner_center) +
         ". If the first one is gone for good: cosell deals unlink " + row.crm.record_id +
         "; then: cosell deals link " + row.crm.record_id + " " + text::split(row.marks.at(twinned_mark), ' ').front();
}

std::string retyped(const Pair& pair, const store::DealRow& row, Side side, const std::string& typed,
                    const std::string& column) {
  if (side == Side::crm) {
    return "Somebody typed " + quoted(typed) + " into " + column + " in " + pair.title(side) +
           "; the deal stays tied to referral " + row.partner_center.record_id + ", and the field is set back.";
  }
  return "Somebody changed the CRM ID of the referral to " + quoted(typed) + " in " + pair.title(side) +
         "; the deal stays tied to opportunity " + row.crm.record_id + ", and the CRM ID is set back.";
}
std::string retyped_remedy(const store::DealRow& row, Side side, const std::string& typed) {
  // What stands in a command is copied into a shell.
  if (!std::all_of(typed.begin(), typed.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; }))
    return "";
  const std::string wanted =
      side == Side::crm ? row.crm.record_id + " " + typed : typed + " " + row.partner_center.record_id;
  return "If that one is right: cosell deals unlink " + row.crm.record_id + "; then: cosell deals link " + wanted;
}

std::string made_before(const Pair& pair, Side side, const std::string& record, const store::DealRow& holder) {
  const bool of_another = !holder.crm.record_id.empty() && !holder.partner_center.record_id.empty();
  return pair.title(side) + " has a record of this deal already: " + record +
         (of_another ? ". It is linked to another one, so the two are not tied."
                     : ". A person took it from the deal, so the two are not tied again.");
}
std::string made_before_remedy(const Pair& pair, Side side, const store::DealRow& row, const store::DealRow& holder) {
  const bool in_crm = side == Side::crm;
  const std::string first = holder.crm.record_id.empty() || holder.partner_center.record_id.empty()
                                ? ""
                                : "cosell deals unlink " + holder.crm.record_id + "; then: ";
  return "If they belong together: " + first + "cosell deals link " +
         (in_crm ? holder.crm.record_id : row.crm.record_id) + " " +
         (in_crm ? row.partner_center.record_id : holder.partner_center.record_id) + "; else make one by hand in " +
         pair.title(side) + " and link that.";
}

std::string no_engagement(const Pair& pair) {
  return pair.title(Side::partner_center) +
         " does not show which engagement this referral belongs to, so the bridge cannot ask Microsoft for help in it.";
}
std::string no_engagement_remedy(const Pair& pair, const store::DealRow& row) {
  const std::string page = pair.partner_center->page_url(RecordKind::referral, RecordId(row.partner_center.record_id));
  return "Ask for help in " + pair.title(Side::partner_center) + " itself" + (page.empty() ? "." : ": " + page);
}

std::string help_unseen(const Pair& pair, const store::DealRow& row, const Observation& seen) {
  const std::string page = pair.partner_center->page_url(RecordKind::referral, RecordId(row.partner_center.record_id));
  return "Microsoft is not asked for help: whether it was asked already cannot be seen in " +
         pair.title(Side::partner_center) + " (" + page + "): " + seen.unread_because;
}
std::string help_unseen_remedy(const Pair& pair) {
  const std::string where = pair.title(Side::partner_center);
  return "Looked at again every hour. Where that goes on, see in " + where +
         " itself whether Microsoft was asked. If not, ask there: the bridge then sees the request, and the deal goes "
         "on. If it was, or is not to be asked any more, clear what asks for help in " +
         pair.title(Side::crm) + ".";
}

std::string vanished(const Pair& pair, Side side, const std::string& reason) {
  const std::string what = side == Side::crm ? "The opportunity" : "The referral";
  if (reason == "deleted") return what + " was deleted in " + pair.title(side) + ". The other side was left as it is.";
  if (reason == "out_of_scope") {
    return what + " is no longer visible to the bridge in " + pair.title(side) + ". The other side was left as it is.";
  }
  return what + " that the other side names was not found in " + pair.title(side) + ".";
}
std::string both_vanished(const Pair& pair) {
  return "Neither the opportunity in " + pair.title(Side::crm) + " nor the referral in " +
         pair.title(Side::partner_center) + " can be found any more.";
}
std::string vanished_remedy(const Pair& pair, Side side, const std::string& reason) {
  if (reason == "not_found") {
    return side == Side::crm ? "Correct or clear the CRM ID of the referral in " + pair.title(Side::partner_center) +
                                   ", or let the bridge's user read that opportunity in " + pair.title(side) + "."
                             : "Correct " + pair.mapping->key_column() + " in " + pair.title(Side::crm) +
                                   ", or check the roles of the bridge's user in " + pair.title(side) + ".";
  }
  return side == Side::crm ? "Restore it in " + pair.title(side) + ", or close the deal in Partner Center."
                           : "Check the roles of the bridge's user in Partner Center, or close the opportunity.";
}

std::string restored(const Pair& pair, Side side) {
  return pair.title(side) + " shows an older state of this deal than it did before, as after a restored backup. " +
         "Nothing is written until a person says what counts.";
}
std::string restored_remedy(const Pair& pair, Side side) {
  return "If what " + pair.title(side) + " shows is right: cosell sync " + pair.name +
         " --allow restored; else set it right there.";
}

std::string step_never(Irreversible step) {
  return std::string("The configuration never lets the bridge ") + label_of(step) + ".";
}
std::string step_never_remedy(Irreversible step) {
  return std::string("Do it by hand in Partner Center, or change \"") + name_of(step) + "\" in the configuration.";
}
std::string step_needs_approval(const Pair& pair, Irreversible step, bool first_link) {
  std::string text = std::string("The bridge would ") + label_of(step) + " in " + pair.title(Side::partner_center) +
                     ", which cannot be undone.";
  if (first_link) text += " It asks because both records existed before the first sync.";
  return text;
}
std::string unheeded(const Pair& pair, Side side, const std::vector<std::string>& fields) {
  return pair.title(side) + " took the change and kept the " + text::join(fields, ", the ") +
         " as it was: probably read-only for the bridge's user, or set back by a rule there.";
}
std::string fought_over(const Pair& pair, const FoughtOver& fight, const Deal& crm, const Deal& partner_center) {
  return std::string("The ") + info(fight.field).label + " changes back and forth between " +
         display(crm.get(fight.field)) + " and " + display(partner_center.get(fight.field)) + ": " +
         std::to_string(fight.times) + " times since " + to_string_minutes(fight.since) + " UTC, last in " +
         pair.title(fight.last_changed) + "." +
         (fight.by.empty() ? "" : " In " + pair.title(Side::crm) + " the last change was made by " + fight.by + ".") +
         " Another connector or an automation there probably writes to the same deals; this field is not synced "
         "meanwhile.";
}
std::string fought_over_remedy(const store::DealRow& row) {
  const std::string id = row.crm.record_id.empty() ? row.partner_center.record_id : row.crm.record_id;
  return "Stop the other one, then: cosell replay " + id;
}
std::string approve_command(const store::DealRow& row) {
  const std::string id = row.crm.record_id.empty() ? row.partner_center.record_id : row.crm.record_id;
  return "cosell approve " + id;
}
std::string step_settles(const std::vector<Irreversible>& steps, Instant due) {
  std::vector<std::string> labels;
  for (const Irreversible step : steps) labels.emplace_back(label_of(step));
  return "Will " + text::join(labels, " and ") + " at " + to_string_minutes(due) + " UTC.";
}
std::string step_settles_remedy(const Pair& pair, Irreversible step, const std::vector<std::string>& columns) {
  const std::string before = " in " + pair.title(Side::crm) + " before then";
  if (step == Irreversible::shared || step == Irreversible::help_asked) {
    return std::string("To cancel, clear the ") + (columns.size() > 1 ? "fields" : "field") + before +
           (columns.empty() ? "." : " (" + text::join(columns, "; ") + ").");
  }
  if (step == Irreversible::declined) {
    return "To cancel, move the opportunity back to the stage for unanswered deals" + before +
           "; any other open stage accepts the deal.";
  }
  return "To cancel, reopen the opportunity" + before + ".";
}

std::string taken_back(const Pair& pair, Field field, const std::string& column) {
  const std::string already =
      field == Field::help ? "Microsoft was asked for help already" : "Microsoft's sellers see the deal already";
  return already + ", which cannot be taken back or changed: the edit in " + pair.title(Side::crm) +
         (column.empty() ? "" : " (" + column + ")") + " changes nothing in " + pair.title(Side::partner_center) + ".";
}

std::string early_won(const Pair& pair, Instant from) {
  return "Won in " + pair.title(Side::crm) + "; " + pair.title(Side::partner_center) + " is told at " +
         to_string_minutes(from) + " UTC. A deal that is won within " + in_words(pair.settings.rules.clocks.won_after) +
         " of its creation may be refused registration.";
}
std::string early_won_warning(const Pair& pair, Instant from) {
  return "It is won within " + in_words(pair.settings.rules.clocks.won_after) +
         " of its creation, so Microsoft may refuse to register it; won after " + to_string_minutes(from) +
         " UTC, it can be registered.";
}
std::string made_elsewhere_remedy(const Pair& pair, const store::DealRow& row, const std::string& column) {
  const std::string page = pair.partner_center->page_url(RecordKind::referral, RecordId());
  return "Make it in " + pair.title(Side::partner_center) + (page.empty() ? "" : " (" + page + ")") +
         " with the CRM ID " + row.crm.record_id +
         "; it is then found by that and kept in sync. For an ordinary deal, correct its type in " +
         pair.title(Side::crm) + (column.empty() ? "." : " (" + column + ").");
}
std::string early_won_remedy(const Pair& pair, const store::DealRow& row) {
  return "Nothing to do. To cancel, reopen the opportunity in " + pair.title(Side::crm) +
         " before then; if the deal will not be registered, close it now with: " + approve_command(row);
}

std::string assessment_stages(const Pair& pair, Stage reported) {
  const std::string shown = percent_of(reported) > 10 ? std::to_string(percent_of(reported)) + " %" : "no stage yet";
  return "An assessment goes through every stage, one after the other, before it is won; " +
         pair.title(Side::partner_center) + " shows " + shown + ".";
}
std::string assessment_stages_remedy(const Pair& pair, Stage reported) {
  const std::string mark = "mark the stages in " + pair.title(Side::partner_center);
  for (const Stage next : {Stage::s20, Stage::s40, Stage::s60, Stage::s80}) {
    if (percent_of(next) <= percent_of(reported)) continue;
    return "Move it to the stage of " + std::to_string(percent_of(next)) + " % in " + pair.title(Side::crm) +
           " first, or " + mark + ".";
  }
  return "Look at the deal in " + pair.title(Side::partner_center) + ".";
}
std::string assessment_asks() { return "An assessment is not shown to Microsoft's sellers and asks them for no help."; }
std::string assessment_asks_remedy(const Pair& pair, const std::string& column) {
  return "Clear the field in " + pair.title(Side::crm) + (column.empty() ? "." : " (" + column + ").");
}

std::string register_command(const store::DealRow& row) { return "cosell deals register " + row.crm.record_id; }
std::string registration_waits(const store::DealRow& row) {
  return "Its registration with Microsoft was not sent yet. First: cosell sync, or: " + register_command(row) +
         " --cancel";
}
std::string registration_to_correct(const std::string& why) {
  return "Microsoft asks for a correction of the registration" + (why.empty() ? "." : ": " + why);
}
std::string registration_refused(const std::vector<Objection>& objections) {
  std::vector<std::string> texts;
  for (const Objection& o : objections) {
    if (!o.warns_only) texts.push_back(o.text);
  }
  return "The registration that was asked for is not sent: " + text::join(texts, "; ") + ".";
}

std::string missing(const std::vector<Missing>& list, const std::function<std::string(const Missing&)>& column) {
  std::vector<std::string> parts;
  for (const auto& m : list) {
    const std::string shown = column(m);
    parts.push_back(shown.empty() ? m.what : m.what + " (" + shown + ")");
  }
  return "Partner Center needs " + text::join(parts, "; ") + ".";
}

std::string fill_in(const store::DealRow& row, const std::string& then) {
  return (row.owner.empty() ? "Fill it in; " : row.owner + " fills it in; ") + then;
}

std::string add_to_mapping() {
  return "Say it in the mapping file, under \"fields\"; cosell mapping check names the line.";
}

std::string statement_counts_later(const std::string& then) {
  return "Nothing: " + then + " If it was signed before, an admin corrects the date in the mapping file.";
}

std::string name_a_reason_column() {
  return "Name it in the mapping file, beside the stage: { \"closed\": …, \"reason\": { \"column\": … } }; then: "
         "cosell "
         "sync";
}

std::string labelled(const std::string& label, const std::string& column) {
  return label.empty() || label == column ? column : quoted(label) + ", " + column;
}

std::string reason_missing(const Pair& pair, const Standing& target, const std::string& column) {
  std::string what = target.substatus == Substatus::declined ? "declined" : "lost";
  if (target.substatus == Substatus::error) what = "created in error";
  std::string text = pair.title(Side::partner_center) + " needs the reason why the deal was " + what;
  if (!column.empty()) text += " (" + column + ")";
  return text + ".";
}

std::string unreadable(const std::vector<mapping::ReadDeal::Problem>& problems) {
  std::vector<std::string> parts;
  for (const auto& p : problems) parts.push_back(p.message);
  return text::join(parts, "; ");
}
std::string hidden(const Pair& pair, const std::vector<std::string>& columns) {
  return pair.title(Side::crm) + " does not show to the bridge's user what stands in " + text::join(columns, ", ") +
         " of this opportunity";
}
std::string unreadable_remedy(const Pair& pair, const std::vector<mapping::ReadDeal::Problem>& problems) {
  if (!problems.empty() && problems.front().code == "hidden") {
    return "Give the bridge's user in " + pair.title(Side::crm) +
           " the right to read it: contacts and accounts of the whole organisation, and secured columns. Look with: "
           "cosell check. Then: cosell replay, with the deal's id";
  }
  const bool left_out = !problems.empty() && problems.front().code == std::string("ignored-stage");
  if (left_out) {
    return "Move it to another stage in " + pair.title(Side::crm) + ", or give this stage a meaning in the mapping.";
  }
  return "Add the value to the mapping, or correct it in " + pair.title(Side::crm) + ".";
}

std::string refused(const Pair& pair, Side side, const Error& error) {
  const bool named = error.message.find(pair.title(side)) != std::string::npos;
  // The server's raw answer stays in the journal; people get its words once.
  return named ? error.message : pair.title(side) + " refused the change: " + error.message;
}
std::string not_taken(const Pair& pair, Side side, const Error& error) {
  return pair.title(side) + " could not take the change: " + error.message;
}
std::string refused_remedy(const Pair& pair, const store::DealRow& row) {
  const std::string id = row.crm.record_id.empty() ? row.partner_center.record_id : row.crm.record_id;
  for (const Side side : {Side::crm, Side::partner_center}) {
    if (!has_mark(row, refused_until_mark(side))) continue;
    return "It is tried again by itself from time to time, and at once by: cosell replay " + id +
           ". Where that does not help, tell the support of " + pair.title(side) +
           " what is said by: cosell deals show " + id;
  }
  if (has_mark(row, registration_mark)) {
    return "State the registration again with what is right: " + register_command(row) + "; or drop it with --cancel";
  }
  if (row.crm.record_id.empty()) {
    return "Correct in the mapping file what a new opportunity gets, which is then sent by itself; or remove the "
           "cause, "
           "then: cosell replay " +
           id;
  }
  return "Correct the value in " + pair.title(Side::crm) +
         ", which is then sent by itself; or remove the cause, then: cosell replay " + id;
}
std::string unread(const Pair& pair, Side side, const store::DealRow& row, const Observation& seen) {
  const bool crm = side == Side::crm;
  const bool half = !crm && seen.kind == RecordKind::microsoft_half;
  const std::string url =
      pair.connector(side).page_url(crm ? RecordKind::opportunity : RecordKind::referral,
                                    RecordId(crm ? row.crm.record_id : row.partner_center.record_id));
  std::string what = crm ? "The opportunity" : "The referral";
  if (half) what = "Microsoft's answer to this deal";
  return what + " could not be read in " + pair.title(side) + " (" + url + "): " + seen.unread_because;
}
std::string replayed_later(const Pair& pair, Side side) {
  return "Not sent yet. It is done by itself with the first sync for which " + pair.title(side) + " can be used again.";
}
std::string not_looked_at_yet() { return "Not looked at yet; it follows with the next sync."; }
std::string unread_answer(const Pair& pair, const store::DealRow& row) {
  const auto why = row.marks.find(answer_unread_mark);
  if (why == row.marks.end()) return "";
  Observation seen;
  seen.kind = RecordKind::microsoft_half;
  seen.unread_because = why->second;
  return unread(pair, Side::partner_center, row, seen);
}
std::string unread_remedy(const Pair& pair, Side side) {
  return "Open it in " + pair.title(side) + ". Where that works, nothing is to be done: it is read again by itself. " +
         "Else tell the support of " + pair.title(side) + ", with this address";
}
std::string side_down(const Pair& pair, Side side, const Error& error) {
  if (error.kind == ErrorClass::auth_expired) {
    const std::string said = pair.title(side) + " login refused: ";
    if (text::starts_with(error.message, pair.title(side) + " refuses the login")) return error.message;
    return pair.title(side) + " refuses the login: " +
           (text::starts_with(error.message, said) ? error.message.substr(said.size()) : error.message);
  }
  if (error.kind == ErrorClass::throttled) return error.message;  // it names the side
  const bool somebody_has_to_mend_it =
      error.kind == ErrorClass::config || error.kind == ErrorClass::schema_drift || error.kind == ErrorClass::forbidden;
  return pair.title(side) + (somebody_has_to_mend_it ? " cannot be used: " : " cannot be reached: ") + error.message;
}

std::string held(const Pair& pair, const reconcile::FieldDecision& d, const Deal& crm, const Deal& referral) {
  using reconcile::Reason;
  const std::string c = pair.title(Side::crm);
  const std::string p = pair.title(Side::partner_center);
  switch (d.reason) {
    case Reason::moved_back:
      return "A stage does not go back by itself: " + c + " shows " + display(crm.get(Field::stage)) + ", " + p + " " +
             display(referral.get(Field::stage)) + ".";
    case Reason::won_while_waiting:
      return "The opportunity is won in " + c + ", but the deal was not accepted yet, so " + p +
             " cannot take it as won.";
    case Reason::closed_differently:
      return "Not closed alike: " + c + " shows it " + display(crm.get(Field::standing)) + ", " + p + " " +
             display(referral.get(Field::standing)) + ". A closed referral cannot be changed.";
    case Reason::reopened_in_crm:
      return "Open in " + c + " although the referral is closed for good (" + display(referral.get(Field::standing)) +
             ").";
    case Reason::illegal_step:
      return p + " has no step from " + display(referral.get(Field::standing)) + " to what " + c + " shows (" +
             display(crm.get(Field::standing)) + ").";
    case Reason::unreadable:
      return std::string("The ") + info(d.field).label + " cannot be read under the mapping.";
    default:
      return std::string("The ") + info(d.field).label + " waits: " + reconcile::explain(d.reason) + ".";
  }
}

std::string emptied(const Pair& pair, Field field, const std::string& column) {
  return pair.title(Side::partner_center) + " needs the " + info(field).label +
         (column.empty() ? "" : " (" + column + ")") + ", and the field is empty in " + pair.title(Side::crm) + ".";
}

std::string held_remedy(const Pair& pair, const store::DealRow& row, const reconcile::FieldDecision& d, const Deal& crm,
                        const Deal& referral) {
  using reconcile::Reason;
  const std::string c = pair.title(Side::crm);
  switch (d.reason) {
    case Reason::moved_back:
      if (percent_of(crm.stage()) < percent_of(referral.stage())) {
        return "Move the stage forward again in " + c + "; if it is right, an admin can let it go back.";
      }
      return "Move the stage back in " + c + " too, or forward again in " + pair.title(Side::partner_center) + ".";
    case Reason::won_while_waiting:
      return "Move the opportunity to an open stage in " + c + " to accept the deal; close it as won afterwards.";
    case Reason::closed_differently:
      return "Leave it (cosell deals leave " + row.crm.record_id + "), or correct the opportunity in " + c + ".";
    case Reason::reopened_in_crm:
      return "Choose: cosell deals leave " + row.crm.record_id + " (it stays so), or close the opportunity again in " +
             c + ", or cosell deals restart " + row.crm.record_id + " (a new referral).";
    case Reason::illegal_step:
      return "Choose another stage in " + c + ".";
    case Reason::unreadable:
      return "Add the value to the mapping, or correct it in " + c + ".";
    case Reason::needed:
      return "Fill it in again in " + c + "; it is then sent by itself.";
    default:
      return "";
  }
}

std::string stage_left_out(const Pair& pair, const std::string& what, const Deal& referral) {
  const auto standing = referral.standing();
  const bool open = standing && !is_terminal(*standing);
  std::string text =
      what + ". Where it stands is not kept the same meanwhile: " + pair.title(Side::partner_center) + " shows ";
  text += open && referral.stage() != Stage::none ? display(referral.get(Field::stage))
                                                  : display(referral.get(Field::standing));
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text + ".";
}
std::string stage_left_out_remedy(const Pair& pair) {
  return "Move it to another stage in " + pair.title(Side::crm) + " when it goes on, or close it there.";
}

std::string both_values(const Pair& pair, const std::vector<Field>& fields, const Deal& crm, const Deal& referral) {
  std::vector<std::string> parts;
  for (const Field f : fields) {
    parts.push_back(std::string(info(f).label) + " (" + pair.title(Side::crm) + ": " + display(crm.get(f)) + ", " +
                    pair.title(Side::partner_center) + ": " + display(referral.get(f)) + ")");
  }
  return text::join(parts, "; ");
}
std::string conflict(const Pair& pair, const std::vector<Field>& fields, const Deal& crm, const Deal& referral) {
  return "Changed on both sides: " + both_values(pair, fields, crm, referral) + ".";
}

std::string chosen() { return "what was asked is chosen, and leaves with the next sync"; }

std::string chosen_step(const Pair& pair) { return "cosell sync " + pair.name; }

std::string choice_commands(const store::DealRow& row, const std::vector<Field>& fields) {
  const std::string id = row.crm.record_id.empty() ? row.partner_center.record_id : row.crm.record_id;
  if (fields.size() == 1) {
    return "cosell resolve " + id +
           " --take crm, or --take partner-center, or --take VALUE; or set both sides to the " + "value that is right.";
  }
  std::vector<std::string> names;
  for (const Field f : fields) names.emplace_back(info(f).name);
  return "cosell resolve " + id + " --take crm, or --take partner-center, for all of them; one by one with --field (" +
         text::join(names, ", ") + "), also --take VALUE; or set both sides to the values that are right.";
}

std::string won_beside_conflict(const Pair& pair, const std::vector<Field>& fields) {
  std::vector<std::string> labels;
  for (const Field f : fields) labels.emplace_back(info(f).label);
  return "Will close the deal as won once it is chosen what is right for: " + text::join(labels, ", ") +
         ". A closed referral cannot be changed in " + pair.title(Side::partner_center) + " any more.";
}
std::string won_beside_conflict_remedy(const store::DealRow& row) {
  return "To close it at once, and leave both sides different: " + approve_command(row);
}

std::string inbound_waits(const Deal& referral) {
  std::string text = "Sent by Microsoft, which waits for your answer";
  if (const auto* at = std::get_if<Instant>(&referral.get(Field::expires_at))) {
    text += " until " + to_string_minutes(*at) + " UTC";
  }
  return text + ".";
}
std::string inbound_remedy(const Pair& pair) {
  return "Move it to another stage in " + pair.title(Side::crm) +
         " to accept it, or close it as lost with a reason to decline it.";
}

std::string expired(const Pair& pair) {
  return "Expired in " + pair.title(Side::partner_center) + " before it was answered there.";
}

std::string account_in_doubt(const Pair& pair, const Customer& customer) {
  return pair.title(Side::crm) + " did not answer when the account of " + quoted(customer.name) +
         " was created there for another deal. The bridge makes sure that it did not arrive before it tries again.";
}

std::string customer_waits(const Pair& pair, const Customer& customer, std::size_t found) {
  if (found == 0) {
    return "No account in " + pair.title(Side::crm) + " matches the customer " + quoted(customer.name) + ".";
  }
  return std::to_string(found) + " accounts in " + pair.title(Side::crm) + " match the customer " +
         quoted(customer.name) + ".";
}

std::string changes(const Columns& changes) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : changes) {
    parts.push_back(label_of_column(name) + " = " + display(value));
  }
  return text::join(parts, ", ");
}

std::string intended(const Pair& pair, const store::OperationRow& operation) {
  const std::string where = pair.title(operation.side);
  const bool help = operation.kind == name_of(RecordKind::microsoft_half);
  if (operation.verb == name_of(Verb::create)) {
    return "Create the " + (help ? "request for help" : operation.kind) + " in " + where;
  }
  std::vector<std::string> names;
  for (const auto& change : operation.changes) names.push_back(label_of_column(change.first));
  return "Write to " + where + ": " + text::join(names, ", ");
}

}  // namespace cosell::engine::words
