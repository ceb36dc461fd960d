# A broken neutral lifts the voltage to 280 V: an alarm before the appliances burn
start 18:20
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 voltage every 10s: 231 x 30, 281 x 30
expect at 5m30s   case opened, voltage, alarm
expect by 5m35s   notice sms to Ailin, "203房", "281伏"
