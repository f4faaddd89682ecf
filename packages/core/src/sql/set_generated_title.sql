-- Sets the title that a model generated, unless a person set one or the conversation already has a generated one.
create function set_generated_title(owner uuid, conversation text, new_title text) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  update conversations c set title = new_title, title_source = 'model'
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null and c.title_source = 'question';
end
$$;
