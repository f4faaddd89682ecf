-- Returns the owner's links that have not expired, or those of one conversation, the latest first, at most 1,000. A link whose conversation is in the
-- trash is listed, so that it can be deleted.
create function list_shares(owner uuid, only_conversation text) returns json
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select coalesce(json_agg(share_json(s)), '[]') from (
      select * from shares k
      where k.owner_id = owner and (only_conversation is null or k.conversation_id = only_conversation)
        and (k.expires_at is null or k.expires_at > clock_timestamp())
      order by k.created_at desc, k.id limit 1000
    ) s
  );
end
$$;
