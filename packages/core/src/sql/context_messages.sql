-- Returns the latest messages below a number as a context takes them, up to 16 MiB of parts plus one message: less than
-- what the providers of models accept in one request. `leaf` as in latest_messages. The caller has set the owner.
create function context_messages(owner uuid, conversation text, leaf bigint, below_seq bigint, context_limit integer)
returns json
language plpgsql security definer set search_path from current as $$
begin
  return (
    select to_json(p) from latest_messages(owner, conversation, leaf, below_seq, 0, context_limit, 16777216) p
  );
end
$$;
