// The catalogue of rules.
#include "deal/rules.h"

#include <cstdlib>

namespace cosell {

const std::vector<Rule>& all_rules() {
  static const std::vector<Rule> rules = {
      {"T-1", Care::shown, "Co-sell: help was asked from Microsoft, or Microsoft sent the deal"},
      {"T-2", Care::shown, "Partner to partner: another partner was invited; registrable only once Microsoft joined"},
      {"T-3", Care::shown, "Private: no help asked, not visible to Microsoft"},
      {"T-4", Care::shown, "Partner-led: no help asked, visible to Microsoft"},
      {"T-5", Care::enforced, "Solution assessment: for approved partners, never registered"},
      {"T-6", Care::enforced, "The type follows from two answers; help makes it co-sell whatever the second one is"},
      {"T-7", Care::enforced, "Microsoft has 14 days to decide; the notes say what help is wanted"},
      {"T-8", Care::enforced, "Details of a private deal reach Microsoft only when it is shown or help is asked"},
      {"T-9", Care::enforced, "The two questions are not asked for assessments"},
      {"T-10", Care::shown, "A partner-led deal can be registered without inviting Microsoft"},
      {"T-11", Care::shown, "Co-sell starts from either side"},
      {"U-1", Care::enforced, "Private: Microsoft may be asked, partners may be invited"},
      {"U-2", Care::enforced, "Private: may be shown to Microsoft and is partner-led then"},
      {"U-3", Care::enforced, "Partner-led: Microsoft may be asked, partners may be invited"},
      {"U-4", Care::enforced, "Co-sell: partners may be invited only to own deals, nobody to inbound ones"},
      {"U-5", Care::enforced, "Partner to partner: Microsoft may be asked"},
      {"U-6", Care::enforced, "Partner to partner: more partners may be invited"},
      {"U-7", Care::enforced, "No upgrade of a closed deal"},
      {"U-8", Care::enforced, "There is no downgrade"},
      {"U-9", Care::enforced, "Invitations are possible at creation and until the deal closes"},
      {"D-1", Care::shown, "Inbound: sent by Microsoft or a partner"},
      {"D-2", Care::shown, "Outbound: created by the partner"},
      {"D-3", Care::shown, "A favourite is a mark on any deal"},
      {"R-1", Care::enforced, "A new deal needs a customer with an address"},
      {"R-2", Care::enforced, "A customer contact and consent when Microsoft's help is asked"},
      {"R-3", Care::enforced, "A new deal needs a name"},
      {"R-4", Care::enforced, "A new deal needs a location, which never changes afterwards"},
      {"R-5", Care::enforced, "A new deal needs a value with a currency"},
      {"R-6", Care::enforced, "A new deal needs a close date"},
      {"R-7", Care::shown, "The CRM's id is kept on the referral"},
      {"R-8", Care::shown, "A marketing campaign id may be given"},
      {"R-9", Care::enforced, "Notes are required and read by others; CRM text never goes there by default"},
      {"R-10", Care::enforced, "At least one own employee with name, phone and e-mail"},
      {"R-11", Care::enforced, "At least one solution"},
      {"R-12", Care::enforced, "An assessment has one assessment and nothing else; not created by this product"},
      {"R-20", Care::enforced, "Invitation of a partner: the partner; not created by this product"},
      {"R-21", Care::enforced, "Invitation of a partner: its close date; not created by this product"},
      {"R-22", Care::enforced, "Invitation of a partner: the value of its part; not created by this product"},
      {"R-23", Care::enforced, "Invitation of a partner: notes; not created by this product"},
      {"R-24", Care::enforced, "Invitation of a partner: own team members; not created by this product"},
      {"R-25", Care::enforced, "Invitation of a partner: its solution; not created by this product"},
      {"R-26", Care::enforced, "Invitation of a partner: kind of help; not created by this product"},
      {"R-27", Care::enforced,
       "Invitation of a partner: nothing of it changes afterwards; not created by this product"},
      {"L-1", Care::enforced, "A received deal is accepted or declined; nothing else is sent meanwhile"},
      {"L-2", Care::enforced, "Accepting takes name, value, close date and notes"},
      {"L-3", Care::enforced, "Declining closes the deal"},
      {"L-4", Care::shown, "No answer in time closes the deal as expired"},
      {"L-5", Care::enforced, "An own deal is accepted from the start"},
      {"L-6", Care::enforced, "What may change while a deal is accepted"},
      {"L-7", Care::enforced, "A closed deal never changes, but for its registration and Microsoft's reopening"},
      {"L-8", Care::enforced, "Declined and expired come from received, won and lost from accepted"},
      {"L-9", Care::enforced, "A decline needs a reason"},
      {"L-10", Care::shown, "The 14 days are a figure of today"},
      {"L-11", Care::enforced, "20, 40, 60 and 80 are reported while accepted; 10 and 100 follow by themselves"},
      {"L-12", Care::shown, "The CRM id is for the partner's own reference"},
      {"S-1", Care::shown, "Created, 10 %"},
      {"S-2", Care::shown, "Accepted, 10 %"},
      {"S-3", Care::enforced, "Qualified, 20 %"},
      {"S-4", Care::enforced, "Developed, 40 %"},
      {"S-5", Care::enforced, "Proposed, 60 %"},
      {"S-6", Care::enforced, "Negotiated, 80 %"},
      {"S-7", Care::enforced, "Won, 100 %"},
      {"S-8", Care::enforced, "Ordinary deals may leave stages out"},
      {"S-9", Care::enforced, "The company's own stages are mapped to these"},
      {"S-10", Care::enforced, "Assessments go through every stage before Won"},
      {"S-11", Care::enforced, "An unreported stage equals 10 and causes no write"},
      {"G-1", Care::shown, "What a registration needs: type, value, customer, solution, Won, Microsoft's acceptance"},
      {"G-2", Care::shown, "Only solutions with IP incentives count"},
      {"G-3", Care::enforced, "72 hours between creation and Won"},
      {"G-4", Care::theirs, "The contract names the company and the solution; nobody but people can see that"},
      {"G-5", Care::shown, "Registration follows after Won and goes on by itself"},
      {"G-6", Care::shown, "Review and validation states exist for IP co-sell only"},
      {"G-7", Care::shown, "A private deal is never registered"},
      {"M-0", Care::shown, "Microsoft's answer is in its half of the engagement"},
      {"M-1", Care::shown, "No reason is given for an expired request or below the least value"},
      {"M-2", Care::shown, "No seller is shown when Microsoft declined"},
      {"M-3", Care::shown, "No corresponding customer record: Microsoft's sellers cannot help"},
      {"M-4", Care::shown, "No seller manages the customer: Microsoft's sellers cannot help"},
      {"M-5", Care::shown, "Declined by mistake: create and invite again"},
      {"A-1", Care::theirs, "Roles of Partner Center"},
      {"A-2", Care::theirs, "The account admin grants roles"},
      {"A-3", Care::theirs, "A new deal needs a role and a published solution"},
      {"A-4", Care::theirs, "Fast answers raise visibility"},
      {"A-5", Care::theirs, "Co-sell needs a solution, a team and a plan"},
      {"A-6", Care::theirs, "Partner Center mails partners about inbound deals"},
  };
  return rules;
}

const char* name_of(Care care) {
  switch (care) {
    case Care::enforced:
      return "kept";
    case Care::shown:
      return "shown";
    case Care::theirs:
      return "for people";
  }
  std::abort();
}

}  // namespace cosell
